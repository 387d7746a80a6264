"""Waits until a process takes messages from a queue of the broker.

listening.py FILE: FILE is JSON with broker (host, port, user, password, vhost), queue and seconds. A queue with a consumer is
the proof that the server behind it answers; its row in a database is written before it does. Uses py-amqp, which
oslo.messaging brings along.
"""
import json
import sys
import time

import amqp


def wait(broker, queue, deadline):
    """True when somebody takes messages from the queue, False when nobody does until the deadline."""
    while True:
        try:
            with amqp.Connection(host="%s:%d" % (broker["host"], broker["port"]), userid=broker["user"],
                                 password=broker["password"], virtual_host=broker["vhost"],
                                 connect_timeout=5) as connection:
                channel = None
                while True:
                    channel = channel or connection.channel()
                    try:
                        if channel.queue_declare(queue, passive=True).consumer_count:
                            return True
                    except amqp.exceptions.NotFound:
                        channel = None  # the broker closes a channel that asks for a queue that is not there
                    if time.monotonic() > deadline:
                        return False
                    time.sleep(0.5)
        except (amqp.exceptions.AMQPError, OSError) as error:
            if time.monotonic() > deadline:
                print("listening: %s" % error, file=sys.stderr)
                return False
            time.sleep(0.5)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    if not wait(config["broker"], config["queue"], time.monotonic() + config["seconds"]):
        sys.exit("nobody takes messages from the queue %s after %d s" % (config["queue"], config["seconds"]))


main()
