/* A selector of NIO that serves eight connections. */
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

public class Selector {
	public static void main(String[] words) throws Exception {
		java.nio.channels.Selector selector = java.nio.channels.Selector.open();
		ServerSocketChannel server = ServerSocketChannel.open();

		server.bind(new InetSocketAddress("127.0.0.1", 0));
		server.configureBlocking(false);
		server.register(selector, SelectionKey.OP_ACCEPT);
		int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
		new Thread(() -> connect(port)).start();
		for (int served = 0; served < 8;) {
			selector.select();
			selector.selectedKeys().clear();
			SocketChannel client = server.accept();
			if (client == null)
				continue;
			served++;
			client.close();
		}
		System.out.println("done");
	}

	private static void connect(int port) {
		try {
			for (int i = 0; i < 8; i++) {
				Thread.sleep(20);
				new Socket("127.0.0.1", port).close();
			}
		} catch (Exception error) {
			System.err.println(error);
		}
	}
}
