/* One unit of a large program: templates of the standard library, inlined many deep. */
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

template <int N> struct node {
	std::map<std::string, std::vector<std::shared_ptr<node<N - 1>>>> children;
	std::variant<int, std::string, node<N - 1> *> value;

	int walk(std::function<int(int)> visit)
	{
		int sum = visit(N);

		for (auto &[name, nodes] : children)
			for (auto &child : nodes)
				sum += child->walk(visit);
		return sum;
	}
};

template <> struct node<0> {
	int walk(std::function<int(int)> visit)
	{
		return visit(0);
	}
};

template <int N> __attribute__((noinline)) int site(int x)
{
	std::unordered_map<std::string, node<N % 7>> known;
	std::ostringstream text;
	node<N % 12 + 1> root;

	text << N << x;
	known[text.str()];
	return root.walk([&](int a) { return a * x + N + (int)known.size(); }) +
	       std::regex_search(text.str(), std::regex("a+b"));
}

template <int... I> static int all(int x, std::integer_sequence<int, I...>)
{
	return (site<I>(x) + ...);
}

int UNIT(int x);
int UNIT(int x)
{
	return all(x, std::make_integer_sequence<int, 60>());
}
