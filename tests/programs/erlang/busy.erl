%% A server and its clients, and processes that compute meanwhile.
-module(busy).
-export([main/0]).
work(0) -> ok;
work(N) -> _ = lists:sum(lists:seq(1, 20000)), work(N - 1).
main() ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {reuseaddr, true}]),
    {ok, Port} = inet:port(L),
    spawn(fun() -> accept(L) end),
    Self = self(),
    [spawn(fun() -> work(3000), Self ! done end) || _ <- lists:seq(1, 4)],
    [client(Port, I) || I <- lists:seq(1, 200)],
    [receive done -> ok end || _ <- lists:seq(1, 4)],
    io:format("done~n"),
    halt(0).
accept(L) ->
    {ok, S} = gen_tcp:accept(L),
    spawn(fun() -> serve(S) end),
    accept(L).
serve(S) ->
    case gen_tcp:recv(S, 0) of {ok, B} -> gen_tcp:send(S, B), serve(S); _ -> gen_tcp:close(S) end.
client(Port, I) ->
    {ok, S} = gen_tcp:connect("localhost", Port, [binary, {active, false}]),
    ok = gen_tcp:send(S, integer_to_binary(I)), {ok, _} = gen_tcp:recv(S, 0), gen_tcp:close(S).
