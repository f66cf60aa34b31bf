/*
 * ipc: two processes that talk over a POSIX message queue.
 *
 *   ipc -producer   creates the queue, sends 500 random messages, then "done"
 *   ipc -consumer   receives and prints until "done"
 *
 * The queue is /ch6_ipc, ten messages deep, so that a producer without a
 * consumer soon blocks. A consumer that comes before the queue is there exits
 * with 1: the pair has a start race on purpose.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { MESSAGES = 500, DEPTH = 10, SIZE = 32 };
static const char queue[] = "/ch6_ipc";
static const char last[] = "done";

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int random_hex(char text[static 17])
{
	unsigned long n;

	if (getrandom(&n, sizeof n, 0) != sizeof n)
		return fail("getrandom");
	snprintf(text, 17, "%016lx", n);
	return 0;
}

static int produce(void)
{
	struct mq_attr attr = { .mq_maxmsg = DEPTH, .mq_msgsize = SIZE };
	mqd_t q = mq_open(queue, O_CREAT | O_WRONLY, 0666, &attr);
	char text[17];

	if (q == (mqd_t)-1)
		return fail("mq_open /ch6_ipc");
	for (int i = 0; i < MESSAGES; i++) {
		if (random_hex(text))
			return 1;
		if (mq_send(q, text, strlen(text), 0))
			return fail("mq_send");
		printf("Produced: %s\n", text);
	}
	if (mq_send(q, last, strlen(last), 0))
		return fail("mq_send");
	printf("Produced: %s\n", last);
	return 0;
}

static int consume(void)
{
	mqd_t q = mq_open(queue, O_RDONLY);
	char text[SIZE + 1];
	ssize_t n;

	if (q == (mqd_t)-1)
		return fail("mq_open /ch6_ipc");
	for (;;) {
		n = mq_receive(q, text, SIZE, NULL);
		if (n < 0)
			return fail("mq_receive");
		text[n] = 0;
		printf("Consumed: %s\n", text);
		if (!strcmp(text, last))
			return mq_unlink(queue) ? fail("mq_unlink") : 0;
	}
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "-producer"))
		return produce();
	if (argc == 2 && !strcmp(argv[1], "-consumer"))
		return consume();
	fprintf(stderr, "usage: ipc -producer|-consumer\n");
	return 2;
}
