# Databricks notebook source
# Loads the orders of the day.
print("loading orders")
