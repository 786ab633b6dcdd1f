import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** Acls BROKERS allow|forget: what standard input says, a line each,
 * PRINCIPAL topic|group NAME literal|prefixed OPERATION. */
public class Acls {
	public static void main(String[] arguments) throws Exception {
		List<AclBinding> bindings = new ArrayList<>();
		var input = new BufferedReader(new InputStreamReader(System.in));
		for (String line = input.readLine(); line != null; line = input.readLine()) {
			String[] words = line.split(" ");
			bindings.add(new AclBinding(
					new ResourcePattern(ResourceType.fromString(words[1].toUpperCase()), words[2],
							PatternType.fromString(words[3].toUpperCase())),
					new AccessControlEntry(words[0], "*", operation(words[4]), AclPermissionType.ALLOW)));
		}
		try (Admin admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
			if (arguments[1].equals("allow")) {
				admin.createAcls(bindings).all().get();
			} else {
				admin.deleteAcls(bindings.stream().map(AclBinding::toFilter).toList()).all().get();
			}
		}
	}

	/** As kafka-acls.sh names them: DescribeConfigs. */
	private static AclOperation operation(String name) {
		return AclOperation.fromString(name.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase());
	}
}
