# Databricks notebook source
# Fails when what the shop needs is not there.
print("the shop is open")
