# load_by_dlt.py URL SCHEMA FOLDER: loads the rows of standard input, a JSON list for each load, into tables of that schema
import json
import sys

import dlt

url, schema, folder = sys.argv[1:]
pipeline = dlt.pipeline(
    "orders",
    destination=dlt.destinations.postgres(credentials=url),
    dataset_name=schema,
    pipelines_dir=folder,
)
for line in sys.stdin:
    pipeline.run(json.loads(line), table_name="orders", write_disposition="merge", primary_key="id").raise_on_failed_jobs()
