"""Kafka seen by the tests, through Debian's confluent_kafka: an independent witness of the topics."""
import collections

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

import witness
from waiting import until

# headers: a list of (name, bytes or None), in order, with repetitions; timestamp: ms.
Record = collections.namedtuple(
    "Record", "key value headers partition offset timestamp", defaults=(None, [], None, None, None))


def header(record, name):
    """The last value of that header as text, None when there is none."""
    values = [value for key, value in record.headers if key == name]
    return None if not values or values[-1] is None else values[-1].decode()


class Kafka:
    """A broker's topics and groups."""

    def __init__(self, brokers):
        self.brokers = brokers
        self.admin = AdminClient({"bootstrap.servers": brokers})

    def create(self, topic, partitions=1, **config):
        new = NewTopic(topic, partitions, 1, config={k.replace("_", "."): v for k, v in config.items()})
        self.admin.create_topics([new])[topic].result(30)
        until(lambda: self.partitions(topic) == partitions and self.is_served(topic),
              f"{topic} is in the metadata, and its leaders answer")

    def is_served(self, topic):
        """A partition's leader may be named before it answers."""
        try:
            return bool(self.ends(topic))
        except KafkaException:
            return False

    def recreate(self, topic, partitions):
        """The same name, but another topic: its offsets begin at 0."""
        self.delete(topic)
        self.create(topic, partitions)

    def delete(self, topic):
        self.admin.delete_topics([topic])[topic].result(30)
        until(lambda: topic not in self.topics(), f"{topic} is gone from the metadata")

    def configure(self, topic, **config):
        """Sets properties of the topic; those that are not named go back to the broker's."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config=config)
        self.admin.alter_configs([resource])[resource].result(30)

    def add_partitions(self, topic, total):
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result(30)
        until(lambda: self.partitions(topic) == total, f"{topic} has {total} partitions")

    def partitions(self, topic):
        """0: it does not exist."""
        return len(self.admin.list_topics(topic, timeout=10).topics[topic].partitions)

    def topics(self):
        return sorted(self.admin.list_topics(timeout=10).topics)

    def produce(self, topic, records):
        """Produces and waits for every acknowledgement. Returns the records with their places."""
        places = []
        producer = Producer({"bootstrap.servers": self.brokers, "linger.ms": 5,
                             "max.in.flight": 1})  # else what is sent again may change the order
        for number, record in enumerate(records):
            self._send(producer, topic, record, number, places)
        producer.flush(30)
        assert len(places) == len(records), f"{len(places)} of {len(records)} were acknowledged"
        return [record._replace(partition=p, offset=o)
                for (number, p, o), record in zip(sorted(places), records)]

    @staticmethod
    def _send(producer, topic, record, number, places):
        def delivered(error, message):
            assert error is None, error
            places.append((number, message.partition(), message.offset()))
        place = {} if record.partition is None else {"partition": record.partition}
        stamp = {} if record.timestamp is None else {"timestamp": record.timestamp}
        while True:
            try:
                producer.produce(topic, record.value, record.key, headers=list(record.headers),
                                 on_delivery=delivered, **place, **stamp)
                return
            except BufferError:
                producer.poll(0.1)

    def read(self, topic):
        """All records of the topic up to its present end, by partition and offset."""
        return [Record(*record) for record in witness.read(self.brokers, topic)]

    def ends(self, topic):
        """{partition: (low, high)}: the offsets that it holds, high being the next one."""
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": "witness"})
        try:
            return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)
                    for p in range(self.partitions(topic))}
        finally:
            consumer.close()

    def count(self, topic):
        """Offsets used in the topic: the number of records where nothing was deleted."""
        return sum(high - low for low, high in self.ends(topic).values())

    def wait_count(self, topic, n, seconds=60):
        """Waits until the topic holds at least n records, and returns all it holds."""
        until(lambda: self.count(topic) >= n,
              lambda: f"{n} records in {topic}, which has {self.count(topic)}", seconds, every=0.05)
        return self.read(topic)

    def committed(self, group, topic):
        """{partition: committed offset}, only of partitions that have one."""
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": group})
        try:
            places = consumer.committed(
                [TopicPartition(topic, p) for p in range(self.partitions(topic))], timeout=10)
        finally:
            consumer.close()
        return {place.partition: place.offset for place in places if place.offset >= 0}

    def wait_committed(self, group, topic, seconds=60):
        """Waits until the group has committed all that the topic holds now."""
        ends = {p: high for p, (low, high) in self.ends(topic).items() if high > low}

        def look():
            committed = self.committed(group, topic)
            return all(committed.get(p, 0) >= high for p, high in ends.items())
        until(look, lambda: f"{group} commits {ends}: {self.committed(group, topic)}", seconds, every=0.1)
