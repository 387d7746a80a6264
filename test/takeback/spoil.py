"""spoil.py PHASE: a migration that fails in the middle. It does what the service's own does, then something else to each database, and gives up."""
import json
import subprocess
import sys

import pymysql

FREE = """SELECT t.table_name FROM information_schema.tables t
LEFT JOIN information_schema.key_column_usage k
  ON k.referenced_table_schema = t.table_schema AND k.referenced_table_name = t.table_name
WHERE t.table_schema = DATABASE() AND k.table_name IS NULL AND t.table_name <> 'alembic_version' ORDER BY t.table_name"""

settings = "/etc/kollage/schema.json"
subprocess.run(["python3", "/etc/kollage/schema.py", sys.argv[1], settings], check=True)
with open(settings, encoding="utf-8") as file:
    config = json.load(file)
for database in [dump["database"] for dump in config["dumps"]]:
    with pymysql.connect(host=database["host"], port=database["port"], user=database["user"], password=database["password"],
                         database=database["name"], autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(FREE)
        tables = [name for name, in cursor.fetchall()]
        cursor.execute("ALTER TABLE `%s` ADD COLUMN spoilt INT" % tables[0])
        cursor.execute("DROP TABLE `%s`" % tables[-1])
        cursor.execute("CREATE TABLE spoilt (nothing INT)")
        cursor.execute("DELETE FROM alembic_version")
        print("spoilt %s: %s, %s" % (database["name"], tables[0], tables[-1]))
sys.exit(9)
