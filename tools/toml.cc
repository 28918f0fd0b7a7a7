/* Reads TOML with toml++ (marzer.github.io/tomlplusplus), and gives it to the C code as JSON. */
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <cstring>
#include <sstream>
#include <string>

#include "toml.h"

static char *copy(const std::string &text)
{
	return strdup(text.c_str());
}

char *toml_to_json(const char *text, size_t size, char **error)
{
	toml::parse_result result = toml::parse(std::string_view(text, size));
	std::ostringstream out;

	*error = nullptr;
	if (!result) {
		out << "line " << result.error().source().begin.line << ": "
		    << result.error().description();
		*error = copy(out.str());
		return nullptr;
	}
	out << toml::json_formatter(result.table());
	return copy(out.str());
}
