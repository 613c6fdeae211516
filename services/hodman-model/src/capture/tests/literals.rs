//! Values that became variables and stand in sources as they are.

use serde_json::json;

use super::project::Project;
use crate::bundle::Language;
use crate::capture::*;

fn told(captured: &Captured) -> Vec<String> {
    let rows = captured.rows.iter();
    rows.filter(|row| row.detail.contains("as it is") || row.detail.contains("as they are"))
        .map(|row| format!("{} {}", row.key, row.detail))
        .collect()
}

fn shop() -> Project {
    let mut project = Project::new();
    let schema =
        json!({"name": "sales", "catalog_name": "shop_dev", "full_name": "shop_dev.sales"});
    project.object("schemas", "shop_dev.sales", schema);
    project
}

#[test]
fn a_catalog_in_sql_is_told_with_file_and_line() {
    let mut project = shop();
    project.notebook(
        "/Shared/team/load",
        "# Databricks notebook source\nshop_dev = 1\nspark.table(\"shop_dev.sales.orders\")\n# MAGIC %sql\n# MAGIC USE CATALOG SHOP_DEV\n",
    );
    let sql = "select 1;\nselect * from `shop_dev`.`sales`.`orders`;\nselect my_shop_dev.a.b, shop_dev.a from '/Volumes/shop_dev/x';\n";
    project.live_file("/Shared/team/report.sql", sql.as_bytes(), None);
    project.live_file("/Shared/team/plain.txt", b"shop_dev\n", None);
    let query = json!({"id": "q-1", "display_name": "Sales", "query_text": "select 1\nfrom shop_dev.sales.orders\n", "parent_path": "/Shared/team"});
    project.object("queries", "q-1", query);
    let captured = project.merge_capture();
    let stands = "`shop_dev` stands here as it is, and stays so in every environment; elsewhere the variable `catalog_shop_dev` stands for it";
    assert_eq!(
        told(&captured),
        [
            format!("resources/sales.query.yml line 8: {stands}"),
            format!("src/load.py lines 3, 5: {stands}"),
            format!("src/report.sql lines 2, 3: {stands}"),
        ]
    );
    // Said once; and again with the next change of the file.
    assert_eq!(project.capture().rows, []);
    project.notebook(
        "/Shared/team/load",
        "# Databricks notebook source\nspark.table(\"shop_dev.sales.orders\")\n",
    );
    assert_eq!(
        told(&project.merge_capture()),
        [format!("src/load.py line 2: {stands}")]
    );
}

#[test]
fn what_becomes_a_variable_later_is_looked_for_in_all_that_was_captured_before() {
    let mut project = Project::new();
    let cells = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "execution_count": null,
        "metadata": {}, "outputs": [], "source": ["w.create(node_type_id='i3.xlarge')\n", "ids = 'i3.xlarge2'"]}]});
    let notebook = cells.to_string();
    project.live_file(
        "/Shared/team/make",
        notebook.as_bytes(),
        Some(Language::Jupyter),
    );
    assert_eq!(told(&project.merge_capture()), [""; 0]);
    project.cluster("c-1", "ETL", json!({"node_type_id": "i3.xlarge"}));
    let found = told(&project.merge_capture());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("src/make.ipynb line ") && found[0].contains("`i3.xlarge`"),
        "{found:#?}"
    );
    project.rules.literals = vec!["node_types".into()];
    project.cluster("c-2", "Big", json!({"node_type_id": "i3.2xlarge"}));
    assert_eq!(told(&project.merge_capture()), [""; 0], "wanted as it is");
}

#[test]
fn ids_of_captured_objects_are_told_and_words_that_mean_anything_are_not() {
    let mut project = Project::new();
    let warehouse = json!({"id": "abcdef0123456789", "name": "bi", "cluster_size": "Small"});
    project.object("sql_warehouses", "abcdef0123456789", warehouse);
    project.job(11, "Nightly", json!({"schedule": {"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"},
        "email_notifications": {"on_failure": ["ops@example.com"]}}));
    project.live("11").config["permissions"] = json!({"group:load": "CAN_VIEW"});
    project.notebook(
        "/Shared/team/ask",
        "run('abcdef0123456789')\nif state == 'PAUSED': load(11)\nmail('ops@example.com')\n",
    );
    let found = told(&project.merge_capture());
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].contains("line 2: `abcdef0123456789`")
            && found[0].contains("elsewhere `sql_warehouses.bi` stands for it"),
        "{found:#?}"
    );
    assert!(found[1].contains("line 4: `ops@example.com`"), "{found:#?}");
}

#[test]
fn a_variable_that_people_named_stands_for_its_value_here() {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        format!("{text}variables:\n  catalog:\n    default: shop_dev\n")
    });
    let sql = "select * from shop_dev.a.b\n";
    project.live_file("/Shared/team/report.sql", sql.as_bytes(), None);
    let found = told(&project.merge_capture());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].contains("the variable `catalog` stands"),
        "{found:#?}"
    );
}

#[test]
fn the_list_ends_somewhere() {
    let mut project = shop();
    for number in 0..30 {
        let text = "select * from shop_dev.a.b\n".repeat(9);
        let path = format!("/Shared/team/q{number:02}.sql");
        project.live_file(&path, text.as_bytes(), None);
    }
    let found = told(&project.capture());
    assert_eq!(found.len(), 21, "{found:#?}");
    assert!(
        found[0].contains("lines 1, 2, 3, 4, 5 and 4 more: "),
        "{found:#?}"
    );
    assert!(
        found[20].starts_with("variables 10 more of values"),
        "{found:#?}"
    );
}

#[test]
fn as_terraform_sources_are_looked_through_alike() {
    let mut project = shop();
    project.rules.format = CaptureFormat::Terraform;
    let sql = "select * from shop_dev.a.b\n";
    project.live_file("/Shared/team/report.sql", sql.as_bytes(), None);
    let found = told(&project.capture());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("src/report.sql line 1: `shop_dev`"),
        "{found:#?}"
    );
}
