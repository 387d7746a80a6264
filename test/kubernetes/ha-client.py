"""A client of the database and the broker, as services are: it goes on whatever becomes of single instances.

ha-client.py write DATABASE BROKER: writes rows and messages with rising numbers, each until it is confirmed, and prints
`row N` or `message N` then. ha-client.py read BROKER: prints all messages, and leaves them. ha-client.py call BROKER: calls
itself as OpenStack's services call one another, with their settings (OSLO). Passwords: environment.
"""
import os
import sys
import threading
import time

import amqp
import pymysql

PAUSE = 0.1


def say(text):
    os.write(1, (text + "\n").encode())


def broker(host):
    connection = amqp.Connection(
        host=host, userid="openstack", password=os.environ["BROKER"], virtual_host="quorum", confirm_publish=True,
        connect_timeout=3, read_timeout=5, write_timeout=5)
    connection.connect()
    channel = connection.channel()
    arguments = {"x-queue-type": "quorum"}
    channel.queue_declare("ha", durable=True, auto_delete=False, arguments=arguments)
    return channel


def messages(host, number):
    channel = broker(host)
    while True:
        channel.basic_publish(amqp.Message(str(number), delivery_mode=2), routing_key="ha")
        say("message %d" % number)
        number += 1
        yield number


def rows(host, number):
    connection = pymysql.connect(host=host, user="root", password=os.environ["DATABASE"], autocommit=True,
                                 connect_timeout=3, read_timeout=5, write_timeout=5)
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE IF NOT EXISTS ha")
        cursor.execute("CREATE TABLE IF NOT EXISTS ha.numbers (number INT PRIMARY KEY)")
        while True:
            cursor.execute("INSERT IGNORE INTO ha.numbers VALUES (%s)", (number,))
            say("row %d" % number)
            number += 1
            yield number


def write(how, host):
    # No two runs have a number in common.
    number = int(time.time()) % 10_000_000 * 100
    while True:
        try:
            for number in how(host, number):
                time.sleep(PAUSE)
        except Exception as error:
            say("again, %s: %s" % (how.__name__, str(error)[:200].replace("\n", " ")))
            time.sleep(0.5)


class Endpoint:
    def ping(self, _context):
        return "pong"


def call(host):
    import oslo_messaging
    from oslo_config import cfg
    with open("/tmp/oslo.conf", "w", encoding="utf-8") as file:
        file.write("[DEFAULT]\ntransport_url = rabbit://openstack:%s@%s:5672/quorum\n%s" % (
            os.environ["BROKER"], host, os.environ["OSLO"]))
    conf = cfg.CONF
    conf([], default_config_files=["/tmp/oslo.conf"])
    transport = oslo_messaging.get_rpc_transport(conf)
    target = oslo_messaging.Target(topic="calls", server="own")
    server = oslo_messaging.get_rpc_server(transport, target, [Endpoint()], executor="threading")
    server.start()
    client = oslo_messaging.get_rpc_client(transport, oslo_messaging.Target(topic="calls"), timeout=30)
    say(client.call({}, "ping"))
    os._exit(0)


if sys.argv[1] == "write":
    threading.Thread(target=write, args=(rows, sys.argv[2]), daemon=True).start()
    write(messages, sys.argv[3])
elif sys.argv[1] == "call":
    call(sys.argv[2])
else:
    queue = broker(sys.argv[2])
    while True:
        message = queue.basic_get("ha")
        if message is None:
            break
        say(message.body)
    queue.connection.close()
