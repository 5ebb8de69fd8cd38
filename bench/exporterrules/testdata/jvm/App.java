import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;

/** Tells what Prometheus' client knows about the JVM, at the port that is its argument. */
public class App {
    public static void main(String[] args) throws Exception {
        JvmMetrics.builder().register();
        HTTPServer.builder().hostname("127.0.0.1").port(Integer.parseInt(args[0])).buildAndStart();
        Thread.currentThread().join();
    }
}
