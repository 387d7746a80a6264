"""Brings a service's database schema to what its code wants, in one process that imports the code once.

schema.py expand|contract FILE: FILE is JSON with module and program (of the manage command), database (host, port, user,
password, name), environment, and the lists of commands `fresh`, `existing` and `contract`. `expand` runs `fresh` on a
database without tables and `existing` on any other, and leaves in /tmp/fresh whether it was fresh: then `contract` (what is
left to do after the services have moved) need not run. Importing the manage command costs more
than most of its work (1.5 of 2 s of CPU), so each command runs in a fork. A command is a list of words, or an object of
`run` and `unless` (database, query): it is left out where the query finds a row. Words never appear in the process's
command line.

Where the image has dumps of what `fresh` makes (its build made them with the same code), these are loaded into empty
databases in its place, and nothing is imported. FILE has in `dumps` the databases, the one of `database` last, each with
statements (`then`) that renew what every deployment should have for itself; and in `dumped` commands that are left to run.
"""
import importlib
import json
import os
import sys
import time

TABLES = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() LIMIT 1"
DUMPS = "/usr/share/kollage/schema"
# A table that is there while dumps are loaded: what a killed run left half made is no schema, and is made anew.
LOADING = "kollage_loading"
# A dump names its tables by the alphabet, and its rows as they are.
FREELY = "SET FOREIGN_KEY_CHECKS = 0, SQL_MODE = 'NO_AUTO_VALUE_ON_ZERO'"


def main():
    phase, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    if phase == "contract":
        commands = config["contract"]
    else:
        loaded = load_dumps(config["database"], config.get("dumps", []))
        fresh = loaded or not find(config["database"], TABLES)
        commands = config["dumped" if loaded else "fresh" if fresh else "existing"]
    os.environ.update(config.get("environment", {}))
    module = commands and importlib.import_module(config["module"])
    for command in commands:
        if isinstance(command, list):
            command = {"run": command}
        if "unless" not in command or not find(command["unless"]["database"], command["unless"]["query"]):
            run(module, config["program"], command["run"])
    if phase == "expand":
        with open("/tmp/fresh", "w", encoding="utf-8") as file:
            file.write("yes" if fresh else "no")


def load_dumps(database, dumps):
    """True when all dumps were loaded: they are there, and their databases empty and of the dumps' character set."""
    if find(database, "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s", LOADING):
        for dump in dumps:
            clear(dump["database"])
    texts = [text(dump["database"]["name"]) for dump in dumps]
    if not dumps or None in texts or any(find(dump["database"], TABLES) for dump in dumps):
        return False
    if any(find(dump["database"], "SELECT @@collation_database")[0] != collation
           for dump, (collation, _) in zip(dumps, texts)):
        return False
    began = time.monotonic()
    execute(database, "CREATE TABLE %s (nothing int)" % LOADING)
    for dump, (_, statements) in zip(dumps, texts):
        execute(dump["database"], FREELY, statements, *dump.get("then", []))
    execute(database, "DROP TABLE %s" % LOADING)
    print("loaded %s after %.1f s" % (", ".join(dump["database"]["name"] for dump in dumps), time.monotonic() - began))
    return True


def text(name):
    """(collation, statements) of a dump; None where the image has none. Its first line is a comment with the collation."""
    try:
        with open("%s/%s.sql" % (DUMPS, name), encoding="utf-8") as file:
            return file.readline().split()[-1], file.read()
    except FileNotFoundError:
        return None


def clear(database):
    """Drops all tables, the one that says that they are half made last."""
    with connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SET FOREIGN_KEY_CHECKS = 0")
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
                       "ORDER BY table_name = %s", LOADING)
        for name, in cursor.fetchall():
            cursor.execute("DROP TABLE `%s`" % name)


def find(database, query, *values):
    """The first row, or None."""
    with connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchone()


def execute(database, *texts):
    """Runs statements, several in a text."""
    with connect(database) as connection, connection.cursor() as cursor:
        for statements in texts:
            cursor.execute(statements)
            while cursor.nextset():  # raises the error of a later statement
                pass
        connection.commit()


def connect(database):
    import pymysql  # what the service itself speaks to the database with
    return pymysql.connect(host=database["host"], port=database["port"], user=database["user"],
                           password=database["password"], database=database["name"], connect_timeout=30,
                           client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)


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
