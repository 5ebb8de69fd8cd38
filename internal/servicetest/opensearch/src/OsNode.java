import java.nio.file.*;
import java.util.*;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/** Starts one OpenSearch node in this JVM. usage: OsNode HOME [setting=value ...] */
public class OsNode extends Node {
    OsNode(Environment env) { super(env, List.of(Netty4Plugin.class), false); }

    public static void main(String[] a) throws Exception {
        Path home = Path.of(a[0]).toAbsolutePath();
        Settings.Builder b = Settings.builder().put("path.home", home.toString());
        for (int i = 1; i < a.length; i++) {
            int e = a[i].indexOf('=');
            b.put(a[i].substring(0, e), a[i].substring(e + 1));
        }
        Environment env = InternalSettingsPreparer.prepareEnvironment(b.build(), Map.of(), home.resolve("config"), () -> "os-test");
        LogConfigurator.configureWithoutConfig(b.build());
        Node n = new OsNode(env);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { n.close(); } catch (Exception x) { x.printStackTrace(); } }));
        n.start();
        Thread.currentThread().join();
    }
}
