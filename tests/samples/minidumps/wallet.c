/* A small program that holds made-up personal data where a wallet would, and crashes.
 *
 * Its signal handler starts a crashpad_handler (argv[1]) that reads it and writes a minidump into
 * the folder argv[2]. argv[3] is a "secret" of the command line. See README.md. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <uchar.h>
#include <unistd.h>

#define XPUB "xpub6BiVtCpG9fQPxnPmHXG8PhtzQdWC2Su4qWu6XW9tpWFYhxydCLJGrWBJZ5H6qTAHdPQ7pQhtpjiYZVZARo14qHiay2fvrX996oEP42u8wZy"
#define NOTE "203.0.113.42 /home/jane/wallets jane.doe@example.com"

struct exception_information {
  uint64_t siginfo;
  uint64_t context;
  int32_t thread;
} __attribute__((packed));

static struct exception_information information;
static char **arguments;
char global_text[256] = XPUB " " NOTE;
char16_t global_wide[256] = u"" XPUB;
volatile uintptr_t nowhere = 0x10;

static void on_crash(int number, siginfo_t *info, void *context) {
  (void)number;
  information.siginfo = (uintptr_t)info;
  information.context = (uintptr_t)context;
  information.thread = (int32_t)syscall(SYS_gettid);
  char address[64], database[512];
  snprintf(address, sizeof address, "--trace-parent-with-exception=%#lx", (unsigned long)&information);
  snprintf(database, sizeof database, "--database=%s", arguments[2]);
  pid_t child = fork();
  if (child == 0) {
    execl(arguments[1], arguments[1], address, database, "--annotation=account=jane", (char *)0);
    _exit(127);
  }
  waitpid(child, 0, 0);
  _exit(0);
}

__attribute__((noinline)) int derive_key(const char *key, const char16_t *wide, double amount) {
  char copy[192];
  char16_t wide_copy[128];
  strcpy(copy, key);
  memcpy(wide_copy, wide, sizeof wide_copy);
  /* Letters of the key stay in registers, integer and vector. */
#ifdef __x86_64__
  uint64_t piece;
  memcpy(&piece, copy + 8, sizeof piece);
  __asm__ volatile("movq %0, %%r12\n\tmovq %0, %%xmm7\n\tmovl $0, (%1)"
                   : : "r"(piece), "r"(nowhere) : "r12", "xmm7", "memory");
#else
  uint32_t piece;
  memcpy(&piece, copy + 8, sizeof piece);
  __asm__ volatile("movl %0, %%esi\n\tmovl $0, (%1)" : : "r"(piece), "r"(nowhere) : "esi", "memory");
#endif
  return copy[7] + wide_copy[5] + (int)amount;
}

__attribute__((noinline)) int sign_input(int index, const char *key, const char16_t *wide) {
  char path[128];
  snprintf(path, sizeof path, "/home/jane/wallets/%s/input-%d.json", getenv("WALLET_OWNER"), index);
  return derive_key(key, wide, index * 0.5) + path[3];
}

__attribute__((noinline)) int review_transaction(char *heap, char16_t *wide) {
  char address[64] = "203.0.113.42";
  char mail[64] = "jane.doe@example.com";
  return sign_input(address[0] + mail[1], heap, wide) + address[2];
}

static void *synchronise(void *label) {
  pthread_setname_np(pthread_self(), "sync jane");
  char copy[128];
  strncpy(copy, label, sizeof copy);
  for (;;) pause();
  return (void *)(intptr_t)copy[0];
}

int main(int count, char **values) {
  if (count < 4) return 2;
  arguments = values;
  struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, 0);
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  char *heap = strdup(global_text);
  char16_t *wide = malloc(sizeof global_wide);
  memcpy(wide, global_wide, sizeof global_wide);
  pthread_t thread;
  pthread_create(&thread, 0, synchronise, heap);
  usleep(100000);
  return review_transaction(heap, wide) & 1;
}
