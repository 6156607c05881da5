#!/usr/bin/env python3
"""How long do other tools take for the question that leaktrail answers first: which calls changed who can get into a bucket?

    LEAKTRAIL_CORPUS=corpus cargo bench --bench scan -- --list
    cargo build --release
    python3 benches/others.py corpus/FewLarge

The first line writes the archives and measures nothing. Nothing is installed: what is not there is passed over. Every tool must
find the same number of calls; times are medians of five runs after one that counts for nothing, on two threads, and ratios are to
`leaktrail scan`, which does more: it reads every record's time, follows sessions and requests, and judges.
"""

import importlib.util
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import time

NAMES = ["CreateBucket", "DeleteBucketPublicAccessBlock", "PutBucketPolicy", "DeleteBucketPolicy"]
WORDS = "|".join(NAMES)
RUNS = 5


def shell(command):
    """The number that a command prints."""
    done = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def scan(folder):
    with_reports = f"target/release/leaktrail scan {folder} --threads 2 --format csv -o {folder}.report --quiet"
    status = subprocess.run(with_reports, shell=True, capture_output=True, text=True)
    if status.returncode not in (0, 3):
        raise RuntimeError(status.stderr)
    with open(f"{folder}.report/changes.csv", encoding="utf-8") as table:
        found = sum(1 for _ in table) - 1
    shutil.rmtree(f"{folder}.report")
    return found


def count_in_file(path):
    """What a script of one's own would do, with the fastest modules that are there."""
    if importlib.util.find_spec("isal"):
        from isal import igzip as gzip
    else:
        import gzip
    if importlib.util.find_spec("orjson"):
        from orjson import loads
    else:
        from json import loads
    with gzip.open(path) as file:
        records = loads(file.read())["Records"]
    wanted = [r for r in records if r["eventSource"] == "s3.amazonaws.com" and r["eventName"] in NAMES]
    return len([(r["eventTime"], r["eventName"], r["userIdentity"], r["requestParameters"]) for r in wanted])


def python(folder):
    paths = [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]
    with multiprocessing.Pool(2) as pool:
        return sum(pool.imap_unordered(count_in_file, paths, chunksize=8))


def duckdb(folder):
    import duckdb as engine

    listed = ", ".join(f"'{name}'" for name in NAMES)
    connection = engine.connect()
    connection.execute("SET threads = 2")
    return connection.execute(
        f"""SELECT count(*) FROM (SELECT unnest(Records) AS r FROM read_json('{folder}/**/*.json.gz',
            columns = {{Records: 'STRUCT(eventTime VARCHAR, eventName VARCHAR, eventSource VARCHAR, userIdentity JSON, requestParameters JSON)[]'}},
            maximum_object_size = 1073741824))
            WHERE r.eventSource = 's3.amazonaws.com' AND r.eventName IN ({listed})"""
    ).fetchone()[0]


def chdb(folder):
    import chdb as engine

    listed = ", ".join(f"'{name}'" for name in NAMES)
    told = engine.query(
        f"""SELECT count() FROM (SELECT arrayJoin(Records) AS r FROM file('{folder}/AWSLogs/*/*/*/*/*/*/*.json.gz', 'JSONEachRow',
            'Records Array(Tuple(eventTime String, eventName String, eventSource String))'))
            WHERE r.eventSource = 's3.amazonaws.com' AND r.eventName IN ({listed})
            SETTINGS max_threads = 2, input_format_json_ignore_unknown_keys_in_named_tuple = 1"""
    )
    return int(str(told))


def tools(folder):
    """Each tool: its name, whether it is there, what it does."""
    files = f"find {folder} -name '*.gz' -print0"
    pattern = f'"eventName":"({WORDS})"'
    query = f'.Records[]|select(.eventSource=="s3.amazonaws.com" and (.eventName|test("^({WORDS})$")))|.eventName'
    yield "leaktrail scan", os.path.exists("target/release/leaktrail"), lambda: scan(folder)
    yield "chdb (ClickHouse)", importlib.util.find_spec("chdb"), lambda: chdb(folder)
    yield "DuckDB", importlib.util.find_spec("duckdb"), lambda: duckdb(folder)
    yield "Python, two processes", True, lambda: python(folder)
    yield "rg -z (text only)", shutil.which("rg"), lambda: shell(f"rg -z -j 2 -oIN '{pattern}' {folder} | wc -l")
    yield "zgrep (text only)", shutil.which("zgrep"), lambda: shell(
        f"{files} | xargs -0 -P 2 -n 64 zgrep -hoE '{pattern}' | wc -l")
    yield "zcat | jq", shutil.which("jq"), lambda: shell(
        f"{files} | xargs -0 -P 2 -n 64 sh -c 'zcat \"$@\" | jq -r '\\''{query}'\\''' _ | wc -l")


def main():
    folder = sys.argv[1].rstrip("/")
    seconds = {}
    for name, is_there, run in tools(folder):
        if not is_there:
            print(f"{name}: not here", file=sys.stderr)
            continue
        found, times = run(), []
        for _ in range(RUNS):
            begun = time.perf_counter()
            again = run()
            times.append(time.perf_counter() - begun)
            assert again == found, (name, again, found)
        seconds[name] = (statistics.median(times), found)
    first = next(iter(seconds.values()))
    for name, (median, found) in seconds.items():
        assert found == first[1], (name, found, first[1])
        print(f"| {name} | {median:.3f} s | {median / first[0]:.1f} | {found} |")
    print(json.dumps({"folder": os.path.basename(folder), "python": sys.version.split()[0]}))


if __name__ == "__main__":
    main()
