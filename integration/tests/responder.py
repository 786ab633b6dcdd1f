"""Answers requests on Kafka without any Umbra program: what umbra-producer sees of the other side.

    with Responder(kafka, "q", "a") as responder:                  each request is answered once
    with Responder(kafka, "q", "a", answer=lambda n, id: [...])    a list of header lists for request n
"""
import threading

from confluent_kafka import Consumer, Producer

from records import Record, header


def ok(request_id, variant="v1", outcome="ok", status="200"):
    return [("umbra-request-id", request_id.encode()), ("umbra-variant", variant.encode()),
            ("umbra-outcome", outcome.encode()), ("umbra-status", status.encode())]


class Responder:
    """`before(n)` runs before request n, from 1 in the order of arrival, is answered. With `echo` an
    answer has the request's correlation id too."""

    def __init__(self, kafka, requests, responses, answer=lambda n, request_id: [ok(request_id)],
                 before=lambda n: None, echo=False):
        self.brokers, self.requests, self.responses = kafka.brokers, requests, responses
        self.answer, self.before, self.echo = answer, before, echo
        self.seen = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(30)

    def _run(self):
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": "responder-" + self.requests,
                             "auto.offset.reset": "earliest", "fetch.wait.max.ms": 5})
        producer = Producer({"bootstrap.servers": self.brokers, "linger.ms": 0})
        consumer.subscribe([self.requests])
        try:
            while not self.stopping.is_set():
                for message in consumer.consume(500, timeout=0.02):
                    if message.error() is None:
                        self._take(producer, message)
                producer.poll(0)
            producer.flush(10)
        finally:
            consumer.close()

    def _take(self, producer, message):
        self.seen += 1
        self.before(self.seen)
        received = message.headers() or []
        request_id = header(Record(None, None, received), "x-request-id")
        echoed = [pair for pair in received if self.echo and pair[0] == "kafka_correlationId"]
        for headers in self.answer(self.seen, request_id):
            headers = headers + echoed
            producer.produce(self.responses, b"{}", headers=headers)
        producer.poll(0)
