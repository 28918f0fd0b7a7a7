/* A C++ plugin of a C program: it throws and catches, and needs an unwinder that is its own. */
#include <cstring>
#include <stdexcept>

extern "C" int plugin_run();

extern "C" int plugin_run()
{
	try {
		throw std::runtime_error("inside");
	} catch (const std::runtime_error &error) {
		return !strcmp(error.what(), "inside");
	}
}
