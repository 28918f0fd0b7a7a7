extern "C" {
#include "loop.h"
}

#include <QtCore/QCoreApplication>
#include <QtCore/QEventLoop>
#include <QtCore/QTimer>

/* An event loop needs an application; there can be one in a process. */
static void make_application()
{
	static char name[] = "loop_qt";
	static char *arguments[] = { name, nullptr };
	static int count = 1;

	qputenv("QT_NO_GLIB", "1"); /* Qt's own dispatcher */
	if (!QCoreApplication::instance())
		new QCoreApplication(count, arguments);
}

extern "C" void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	unsigned turn = 0;

	make_application();
	QEventLoop loop;
	QTimer timer;

	QObject::connect(&timer, &QTimer::timeout, [&] {
		callback(turn++);
		if (turn == turns)
			loop.quit();
	});
	timer.start(2);
	loop.exec();
}
