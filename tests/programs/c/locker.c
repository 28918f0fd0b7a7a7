/* A library in C that locks: to be called from tasks in other languages. */
#include <pthread.h>

void locker_take(void);
void locker_give(void);
void locker_take_and_give(void);
void locker_take_after_many(void);
void locker_take_and_give_many(void);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void locker_take(void)
{
	pthread_mutex_lock(&mutex); /* EXPECT error lock-across-yield role=acquired case=across|foreign|deadlock|migrate ALLOW error foreign-unlock role=acquired case=migrate EXPECT error cancelled-holding role=acquired case=cancel|shutdown EXPECT error lock-across-yield role=acquired case=cancel|shutdown EXPECT warning|error lock-across-yield role=acquired case=python EXPECT error deadlock case=deadlock role=waiting EXPECT error deadlock case=deadlock role=holding ALLOW error pthread_mutex_lock case=deadlock */
}

void locker_give(void)
{
	pthread_mutex_unlock(&mutex); /* ALLOW error foreign-unlock role=released case=migrate */
}

void locker_take_and_give(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
}

void locker_take_and_give_many(void)
{
	for (int i = 0; i < 5000; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
}

void locker_take_after_many(void)
{
	locker_take_and_give_many();
	pthread_mutex_lock(&mutex); /* EXPECT warning|error lock-across-yield role=acquired case=many */
}
