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

/** Acls BROKERS: gives and takes rights as standard input says, a line each,
 * PRINCIPAL topic|group NAME literal|prefixed OPERATION; then "allow" or "forget" for those lines. */
public class Acls {
	public static void main(String[] arguments) throws Exception {
		List<AclBinding> bindings = new ArrayList<>();
		var input = new BufferedReader(new InputStreamReader(System.in));
		try (Admin admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
			for (String line = input.readLine(); line != null; line = input.readLine()) {
				if (line.equals("allow")) {
					admin.createAcls(bindings).all().get();
				} else if (line.equals("forget")) {
					admin.deleteAcls(bindings.stream().map(AclBinding::toFilter).toList()).all().get();
				} else {
					bindings.add(binding(line.split(" ")));
					continue;
				}
				bindings.clear();
				System.out.println(line + ": done");
			}
		}
	}

	private static AclBinding binding(String[] words) {
		return new AclBinding(
				new ResourcePattern(ResourceType.fromString(words[1].toUpperCase()), words[2],
						PatternType.fromString(words[3].toUpperCase())),
				new AccessControlEntry(words[0], "*", operation(words[4]), AclPermissionType.ALLOW));
	}

	/** As kafka-acls.sh names them: DescribeConfigs. */
	private static AclOperation operation(String name) {
		return AclOperation.fromString(name.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase());
	}
}
