"""Files in the folder of a study."""

STUDY_FILE, RESULTS, SUMMARY = "study.toml", "results", "summary.json"
