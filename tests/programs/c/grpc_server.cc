/*
 * gRPC's C++ servers, and calls to them from the main thread:
 *
 *	grpc_server sync|async idle|sleep
 *
 * sync: each handler has a thread of gRPC's pool to itself, and may block. async: one thread takes all events
 * from a completion queue.
 */
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <time.h>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/method_handler.h>
#include <grpcpp/support/byte_buffer.h>

using grpc::ByteBuffer;

static const char *const method = "/test.Service/Method";
static bool sleeps;

static ByteBuffer message()
{
	grpc::Slice slice("hello");

	return ByteBuffer(&slice, 1);
}

static void handle()
{
	const struct timespec moment = { 0, 50000000 };

	if (sleeps)
		nanosleep(&moment, nullptr); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=async */
}

class Synchronous : public grpc::Service {
    public:
	Synchronous()
	{
		using Handler = grpc::internal::RpcMethodHandler<Synchronous, ByteBuffer, ByteBuffer>;

		AddMethod(new grpc::internal::RpcServiceMethod(
			method, grpc::internal::RpcMethod::NORMAL_RPC,
			new Handler(
				[](Synchronous *, grpc::ServerContext *, const ByteBuffer *, ByteBuffer *answer) {
					handle();
					*answer = message();
					return grpc::Status::OK;
				},
				this)));
	}
};

/* Each step of a call puts the call's address into the queue. */
struct call {
	grpc::GenericServerContext context;
	grpc::GenericServerAsyncReaderWriter stream{ &context };
	ByteBuffer request;
	enum { CALLED, READ, ANSWERED } step = CALLED;
};

static void serve(grpc::AsyncGenericService *service, grpc::ServerCompletionQueue *queue)
{
	void *tag;
	bool ok;
	auto *next = new call;

	service->RequestCall(&next->context, &next->stream, queue, queue, next);
	while (queue->Next(&tag, &ok)) {
		auto *current = static_cast<call *>(tag);

		if (!ok || current->step == call::ANSWERED) {
			delete current;
		} else if (current->step == call::CALLED) {
			next = new call;
			service->RequestCall(&next->context, &next->stream, queue, queue, next);
			current->step = call::READ;
			current->stream.Read(&current->request, current);
		} else {
			handle();
			current->step = call::ANSWERED;
			current->stream.WriteAndFinish(message(), grpc::WriteOptions(), grpc::Status::OK, current);
		}
	}
}

static bool call_it(int port)
{
	auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
	grpc::internal::RpcMethod to(method, grpc::internal::RpcMethod::NORMAL_RPC);

	for (int i = 0; i < 20; i++) {
		grpc::ClientContext context;
		ByteBuffer request = message(), answer;
		auto status = grpc::internal::BlockingUnaryCall<ByteBuffer, ByteBuffer>(channel.get(), to, &context, request,
											&answer);

		if (!status.ok() || answer.Length() != 5)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	grpc::ServerBuilder builder;
	grpc::AsyncGenericService generic;
	std::unique_ptr<grpc::ServerCompletionQueue> queue;
	std::unique_ptr<grpc::Server> server;
	std::thread worker;
	Synchronous synchronous;
	int port = 0;
	bool served;

	if (argc != 3)
		return 99;
	sleeps = !strcmp(argv[2], "sleep");
	builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
	if (!strcmp(argv[1], "sync")) {
		builder.RegisterService(&synchronous);
	} else {
		builder.RegisterAsyncGenericService(&generic);
		queue = builder.AddCompletionQueue();
	}
	server = builder.BuildAndStart();
	if (queue)
		worker = std::thread(serve, &generic, queue.get());
	served = call_it(port);
	server->Shutdown();
	if (queue) {
		queue->Shutdown();
		worker.join();
	}
	puts(served ? "done" : "failed");
	return !served;
}
