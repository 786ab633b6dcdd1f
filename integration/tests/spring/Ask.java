import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;

/** A service that asks a model by request and reply: Ask BROKERS REQUESTS REPLIES N. */
public class Ask {
	public static void main(String[] arguments) throws Exception {
		String brokers = arguments[0], requests = arguments[1], replies = arguments[2];
		int n = Integer.parseInt(arguments[3]);
		var template = template(brokers, replies);
		template.start();
		if (!template.waitForAssignment(Duration.ofSeconds(30))) {
			throw new IllegalStateException("no partition was assigned");
		}
		for (int i = 0; i < n; i++) {
			var record = new ProducerRecord<String, String>(requests, "key-" + i, "{\"n\": " + i + "}");
			ConsumerRecord<String, String> reply =
					template.sendAndReceive(record, Duration.ofSeconds(30)).get(30, TimeUnit.SECONDS);
			System.out.println(reply.value() + " " + text(reply, "umbra-outcome"));
		}
		template.stop();
		template.destroy();
	}

	private static ReplyingKafkaTemplate<String, String, String> template(String brokers, String replies) {
		var producers = new DefaultKafkaProducerFactory<String, String>(Map.of("bootstrap.servers", brokers,
				"key.serializer", StringSerializer.class, "value.serializer", StringSerializer.class));
		var consumers = new DefaultKafkaConsumerFactory<String, String>(Map.of("bootstrap.servers", brokers,
				"group.id", replies, "key.deserializer", StringDeserializer.class,
				"value.deserializer", StringDeserializer.class));
		var container = new KafkaMessageListenerContainer<>(consumers, new ContainerProperties(replies));
		return new ReplyingKafkaTemplate<>(producers, container);
	}

	private static String text(ConsumerRecord<String, String> record, String name) {
		return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
	}
}
