"""Presenters: between the pages, which only draw, and the record and the jobs."""
