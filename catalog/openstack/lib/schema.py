"""Brings a service's database schema to what its code wants, in one process that imports the code once.

schema.py expand|contract FILE: FILE is JSON with module and program (of the manage command), database (host, port, user,
password, name), environment, and the lists of commands `fresh`, `existing` and `contract`. `expand` runs `fresh` on a
database without tables and `existing` on any other, and leaves in /tmp/fresh whether it was fresh, so that `contract`
(what is left to do after the services have moved) need not run on a fresh one. Importing the manage command costs more
than most of its work (1.5 of 2 s of CPU), so each command runs in a fork. A command is a list of words, or an object of
`run` and `unless` (database, query): it is left out where the query finds a row. Words never appear in the process's
command line.
"""
import importlib
import json
import os
import sys
import time

TABLES = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() LIMIT 1"


def main():
    phase, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    if phase == "contract":
        if os.environ.get("KOLLAGE_FRESH") == "yes":
            return
        commands = config["contract"]
    else:
        fresh = not find(config["database"], TABLES)
        commands = config["fresh" if fresh else "existing"]
    os.environ.update(config.get("environment", {}))
    module = importlib.import_module(config["module"])
    for command in commands:
        if isinstance(command, list):
            command = {"run": command}
        if "unless" not in command or not find(command["unless"]["database"], command["unless"]["query"]):
            run(module, config["program"], command["run"])
    if phase == "expand":
        with open("/tmp/fresh", "w", encoding="utf-8") as file:
            file.write("yes" if fresh else "no")


def find(database, query):
    """The first row, or None."""
    import pymysql  # what the service itself speaks to the database with
    connection = pymysql.connect(host=database["host"], port=database["port"], user=database["user"],
                                 password=database["password"], database=database["name"], connect_timeout=30)
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


def run(module, program, words):
    """Runs one command in a fork; ends this process with the fork's exit code where that is not 0."""
    began = time.monotonic()
    title = " ".join([program] + [word for word in words[:3] if not word.startswith("-")])
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            sys.argv = [program] + words
            code = module.main() or 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
            if isinstance(stop.code, str):
                print(stop.code, file=sys.stderr)
        except BaseException:  # nothing may get out of the fork and go on as a second parent
            import traceback
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1)
    _, status = os.waitpid(child, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
    print("%s: exit code %d after %.1f s" % (title, code, time.monotonic() - began), flush=True)
    if code != 0:
        sys.exit(code)


main()
