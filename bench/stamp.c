/*
 * stamp: the program of the benchmark's containers. Its name says what it does:
 *
 *   stamp NAME [stay]  writes "NAME NANOSECONDS" to the FIFO /out/stamps as the
 *                      first thing it does, by the clock that the harness reads
 *                      too; then ends, or stays until SIGTERM
 *   linger             ends after a while, so that the end of a pod's first
 *                      container does not disturb the start of the second
 *   true               ends
 *
 * Build it static: gcc -Os -static -o stamp stamp.c
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct timespec a_while = {0, 50 * 1000 * 1000};

static int stamp(const char *name) {
	struct timespec t;
	char line[128];
	clock_gettime(CLOCK_MONOTONIC, &t);
	int n = snprintf(line, sizeof line, "%s %lld\n", name, t.tv_sec * 1000000000LL + t.tv_nsec);
	int out = open("/out/stamps", O_WRONLY);
	return out >= 0 && write(out, line, n) == n ? 0 : 1;
}

int main(int argc, char **argv) {
	const char *slash = strrchr(argv[0], '/'), *self = slash ? slash + 1 : argv[0];
	if (!strcmp(self, "linger"))
		return nanosleep(&a_while, 0);
	if (strcmp(self, "stamp") || argc < 2)
		return 0;
	if (stamp(argv[1]))
		return 1;
	if (argc > 2) {
		/* Blocked, SIGTERM reaches even the first process of a PID namespace. */
		sigset_t term;
		int got;
		sigemptyset(&term);
		sigaddset(&term, SIGTERM);
		sigprocmask(SIG_BLOCK, &term, 0);
		sigwait(&term, &got);
	}
	return 0;
}
