/*
 * The doors, one function each. Each gives 0 where it led somewhere, else errno.
 * System calls are made by number where glibc has no function or adds something.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sandbox_doors.h"

#define DOOR(name) static int name(const struct check_world *w, const uint64_t *args)
#define UNUSED     ((void)w, (void)args)

/* a door that is one system call */
#define CALL(name, call)                                                               \
	DOOR(name)                                                                     \
	{                                                                              \
		UNUSED;                                                                \
		return answer(call);                                                   \
	}

/* Turns a system call's answer into a door's. */
static int answer(long rc)
{
	return rc < 0 ? errno : 0;
}

/* The same where only the right to it counts: any other error came after it was granted. */
static int right_of(long rc)
{
	return rc < 0 && (errno == EPERM || errno == ENOSYS) ? errno : 0;
}

/* --- files ------------------------------------------------------------- */

CALL(open_file, open("/etc/passwd", O_RDONLY | O_CLOEXEC))
CALL(open_resolver, open("/etc/hosts", O_RDONLY | O_CLOEXEC))
CALL(open_below_fd, openat(w->root_fd, "etc/passwd", O_RDONLY | O_CLOEXEC))
CALL(make_file, open("/tmp", O_WRONLY | O_TMPFILE | O_CLOEXEC, S_IRUSR))
CALL(write_proc, openat(w->proc_fd, "self/oom_score_adj", O_WRONLY | O_CLOEXEC))
CALL(read_environ, openat(w->proc_fd, "self/environ", O_RDONLY | O_CLOEXEC))
CALL(leave_root, fchdir(w->root_fd) != 0 ? -1 : chroot("."))
CALL(use_monitor_fd, fcntl(w->secret_fd, F_GETFL))

DOOR(open_handle)
{
	struct {
		struct file_handle head;
		unsigned char bytes[8];
	} handle = {
	    .head = {.handle_bytes = 8, .handle_type = 1}
        };

	UNUSED;
	return right_of(open_by_handle_at(AT_FDCWD, &handle.head, O_RDONLY));
}

/* --- network ----------------------------------------------------------- */

static int connect_to(int family, int type, const void *address, socklen_t n)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	return answer(fd < 0 ? -1 : connect(fd, address, n));
}

DOOR(connect_tcp)
{
	UNUSED;
	return connect_to(AF_INET, SOCK_STREAM, &w->tcp, sizeof w->tcp);
}

DOOR(connect_udp)
{
	UNUSED;
	return connect_to(AF_INET, SOCK_DGRAM, &w->udp, sizeof w->udp);
}

DOOR(connect_path)
{
	UNUSED;
	return connect_to(AF_UNIX, SOCK_STREAM, &w->path, sizeof w->path);
}

DOOR(connect_abstract)
{
	UNUSED;
	return connect_to(AF_UNIX, SOCK_STREAM, &w->abstract, sizeof w->abstract);
}

DOOR(listen_tcp)
{
	struct sockaddr_in any = {.sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	UNUSED;
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) != 0)
		return errno;
	return answer(listen(fd, 1));
}

CALL(socket_raw, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
CALL(socket_packet, socket(AF_PACKET, SOCK_RAW, 0))
CALL(socket_netlink, socket(AF_NETLINK, SOCK_RAW, 0))
CALL(socket_crypto, socket(AF_ALG, SOCK_SEQPACKET, 0))

DOOR(make_socketpair)
{
	int pair[2];

	UNUSED;
	return answer(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

/* --- processes --------------------------------------------------------- */

DOOR(run_program)
{
	char *const argv[] = {"true", NULL};

	UNUSED;
	return answer(execve("/bin/true", argv, argv + 1));
}

DOOR(run_below_fd)
{
	char *const argv[] = {"true", NULL};

	UNUSED;
	return answer(syscall(SYS_execveat, w->root_fd, "bin/true", argv, argv + 1, 0));
}

DOOR(fork_child)
{
	pid_t pid = fork();

	UNUSED;
	if (pid == 0)
		_exit(0);
	return answer(pid);
}

DOOR(clone_user)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	UNUSED;
	if (pid == 0)
		_exit(0);
	return answer(pid);
}

DOOR(clone3_user)
{
	uint64_t how[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
	long pid = syscall(SYS_clone3, how, sizeof how);

	UNUSED;
	if (pid == 0)
		_exit(0);
	return answer(pid);
}

CALL(trace_parent, ptrace(PTRACE_SEIZE, getppid(), 0, 0))

DOOR(read_parent)
{
	char byte;
	struct iovec local = {&byte, 1};
	struct iovec remote = {(void *)(uintptr_t)w, 1};

	UNUSED;
	return answer(syscall(SYS_process_vm_readv, syscall(SYS_getppid), &local, 1,
			      &remote, 1, 0));
}

DOOR(steal_fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, syscall(SYS_getppid), 0);

	UNUSED;
	return answer(pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, w->root_fd, 0));
}

CALL(kill_other, kill(w->pid, 0))

DOOR(set_affinity)
{
	uint64_t cpus = 1;

	UNUSED;
	return answer(
	    syscall(SYS_sched_setaffinity, syscall(SYS_getppid), sizeof cpus, &cpus));
}

/* --- the kernel's larger doors ----------------------------------------- */

CALL(pivot, syscall(SYS_pivot_root, ".", "."))
CALL(change_root, chroot("/"))
CALL(enter_net, setns(w->net_fd, CLONE_NEWNET))
CALL(unshare_user, unshare(CLONE_NEWUSER))
CALL(unshare_net, unshare(CLONE_NEWNET))

DOOR(io_uring)
{
	struct io_uring_params params = {0};

	UNUSED;
	return answer(syscall(SYS_io_uring_setup, 1, &params));
}

DOOR(bpf_next)
{
	union bpf_attr attr = {0};

	UNUSED;
	return right_of(syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof attr));
}

DOOR(bpf_map)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = 4,
			       .max_entries = 1};

	UNUSED;
	return answer(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr));
}

CALL(fault_fd, syscall(SYS_userfaultfd, 0))
CALL(memory_file, syscall(SYS_memfd_create, "x", 0))

DOOR(keyring)
{
	UNUSED;
	return answer(
	    syscall(SYS_keyctl, 0, -3, 1)); /* KEYCTL_GET_KEYRING_ID, session's, make */
}

DOOR(perf_all)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof attr,
				       .config = PERF_COUNT_SW_CPU_CLOCK};

	UNUSED;
	return answer(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));
}

DOOR(map_code)
{
	UNUSED;
	return mmap(NULL, 1, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		   ? errno
		   : 0;
}

DOOR(protect_code)
{
	void *p =
	    mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	UNUSED;
	return p == MAP_FAILED ? errno : answer(mprotect(p, 1, PROT_READ | PROT_EXEC));
}

CALL(become_root, syscall(SYS_setresuid, 0, 0, 0))

DOOR(add_groups)
{
	gid_t group = 0;

	UNUSED;
	return answer(syscall(SYS_setgroups, 1, &group));
}

CALL(change_personality, personality(ADDR_NO_RANDOMIZE))

DOOR(raise_limit)
{
	struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};

	UNUSED;
	return answer(setrlimit(RLIMIT_NOFILE, &most));
}

CALL(become_dumpable, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))

DOOR(more_filters)
{
	struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog program = {1, &allow};

	UNUSED;
	return answer(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

CALL(type_on_tty, ioctl(w->tty_fd, TIOCSTI, "x"))

DOOR(size_tty)
{
	struct winsize size = {.ws_row = 1, .ws_col = 1};

	UNUSED;
	return answer(ioctl(w->tty_fd, TIOCSWINSZ, &size));
}

/* The name it has: this is tried in the host's namespace too. */
DOOR(set_name)
{
	char name[LIMIT_HOST_BYTES + 1] = "";

	UNUSED;
	(void)gethostname(name, LIMIT_HOST_BYTES);
	return right_of(sethostname(name, strlen(name)));
}

/* No file system has this name: with the right to mount it is ENODEV. */
DOOR(mount_any)
{
	UNUSED;
	return right_of(mount("none", "/", "sallyport-none", 0, NULL));
}

DOOR(set_clock)
{
	struct timex change = {.modes = ADJ_TICK, .tick = 0};

	UNUSED;
	return right_of(adjtimex(&change));
}

DOOR(load_module)
{
	UNUSED;
	return right_of(syscall(SYS_init_module, NULL, 0, ""));
}

#define N   SANDBOX_ON(ROLE_NURSERY)
#define W   SANDBOX_ON(ROLE_WORKER)
#define C   SANDBOX_ON(ROLE_CONNECTOR)
#define V   SANDBOX_ON(ROLE_VERIFY)
#define S   SANDBOX_ON(ROLE_SESSION)
#define ALL (N | W | C | V | S)

/* another process: Landlock's and yama's rules for ptrace, or another user's process */
#define OTHERS (HELD_BY(LANDLOCK) | HELD_BY_ACCOUNT)

const struct check_door check_door_rows[] = {
  /* name, function, open for, refused to, held beneath by */
    {"open /etc/passwd",             open_file,          0,     C,     HELD_BY(EMPTY_ROOT) | HELD_BY(LANDLOCK)},
    {"open /etc/hosts",              open_resolver,      C,     0,     HELD_BY(EMPTY_ROOT) | HELD_BY(LANDLOCK)},
    {"open beneath an open folder",  open_below_fd,      0,     C,     HELD_BY(LANDLOCK)                      },
    {"create a file in /tmp",        make_file,          0,     0,     HELD_BY(EMPTY_ROOT) | HELD_BY(LANDLOCK)},
    {"write /proc/self",             write_proc,         0,     0,     HELD_BY(LANDLOCK)                      },
    {"read /proc/self/environ",      read_environ,       0,     C,     HELD_BY(LANDLOCK)                      },
    {"chroot to an open folder",     leave_root,         0,     0,     HELD_BY(CAPS)                          },
    {"a descriptor of the monitor",  use_monitor_fd,     0,     ALL,   HELD_BY(NO_NEW_PRIVS)                  },
    {"open_by_handle_at",            open_handle,        0,     0,     HELD_BY(CAPS)                          },
    {"connect TCP",                  connect_tcp,        C,     0,     HELD_BY(NET_NS) | HELD_BY_LANDLOCK_4   },
    {"connect UDP",                  connect_udp,        C,     0,     HELD_BY(NET_NS)                        },
    {"connect a unix path",          connect_path,       0,     C,     HELD_BY(EMPTY_ROOT)                    },
    {"connect an abstract socket",   connect_abstract,   0,     C,
     HELD_BY(NET_NS) | HELD_BY_LANDLOCK_6								     },
    {"listen TCP",		   listen_tcp,         C,     0,     HELD_BY(NET_NS) | HELD_BY_LANDLOCK_4   },
    {"socket raw",		   socket_raw,         0,     0,     HELD_BY(CAPS)                          },
    {"socket packet",                socket_packet,      0,     0,     HELD_BY(CAPS)                          },
    {"socket netlink",               socket_netlink,     0,     C,     0                                      },
    {"socket AF_ALG",                socket_crypto,      0,     0,     0                                      },
    {"socketpair",		   make_socketpair,    0,     0,     0                                      },
    {"exec /bin/true",               run_program,        0,     0,     HELD_BY(EMPTY_ROOT) | HELD_BY(LANDLOCK)},
    {"exec beneath an open folder",  run_below_fd,       0,     0,     HELD_BY(LANDLOCK)                      },
    {"fork",			 fork_child,         N,     0,     0				      },
    {"clone CLONE_NEWUSER",          clone_user,         0,     0,     HELD_BY(USER_NS)                       },
    {"clone3 CLONE_NEWUSER",         clone3_user,        0,     0,     HELD_BY(USER_NS)                       },
    {"ptrace another process",       trace_parent,       0,     0,     OTHERS                                 },
    {"process_vm_readv another",     read_parent,        0,     0,     OTHERS                                 },
    {"pidfd_getfd of another",       steal_fd,           0,     0,     OTHERS                                 },
    {"kill another process",         kill_other,         0,     N | S,
     HELD_BY(PID_NS) | HELD_BY_LANDLOCK_SIGNAL | HELD_BY_ACCOUNT                                              },
    {"mount",			mount_any,          0,     0,     HELD_BY(CAPS)                          },
    {"pivot_root",		   pivot,              0,     0,     HELD_BY(CAPS)                          },
    {"chroot /",		     change_root,        0,     0,     HELD_BY(CAPS)                          },
    {"setns the host's network",     enter_net,          0,     0,     HELD_BY(CAPS)                          },
    {"unshare CLONE_NEWUSER",        unshare_user,       0,     0,     HELD_BY(USER_NS)                       },
    {"unshare CLONE_NEWNET",         unshare_net,        0,     0,     HELD_BY(CAPS)                          },
    {"io_uring_setup",               io_uring,           0,     0,     0                                      },
    {"bpf BPF_PROG_GET_NEXT_ID",     bpf_next,           0,     0,     HELD_BY(CAPS)                          },
    {"bpf BPF_MAP_CREATE",           bpf_map,            0,     0,     0                                      },
    {"userfaultfd",                  fault_fd,           0,     0,     0				      },
    {"memfd_create",                 memory_file,        0,     0,     0                                      },
    {"keyctl",		       keyring,            0,     0,     0				      },
    {"perf_event_open a CPU",        perf_all,           0,     0,     0                                      },
    {"mmap PROT_EXEC",               map_code,           0,     0,     0                                      },
    {"mprotect PROT_EXEC",           protect_code,       0,     0,     0                                      },
    {"setresuid 0",                  become_root,        0,     0,     HELD_BY(CAPS)                          },
    {"setgroups",		    add_groups,         0,     0,     HELD_BY(CAPS)                          },
    {"personality",                  change_personality, 0,     0,     0                                      },
    {"raise an rlimit",              raise_limit,        0,     0,     HELD_BY(CAPS)                          },
    {"prctl PR_SET_DUMPABLE 1",      become_dumpable,    0,     0,     0                                      },
    {"load another filter",          more_filters,       N,     0,     0                                      },
    {"ioctl TIOCSTI",                type_on_tty,        0,     0,     HELD_BY(CAPS)                          },
    {"ioctl TIOCSWINSZ",             size_tty,           N | W, 0,     0                                      },
    {"sched_setaffinity of another", set_affinity,       0,     0,     HELD_BY_ACCOUNT                        },
    {"sethostname",                  set_name,           0,     0,     HELD_BY(CAPS)                          },
    {"adjtimex",		     set_clock,          0,     0,     HELD_BY(CAPS)                          },
    {"init_module",                  load_module,        0,     0,     HELD_BY(CAPS)                          },
};
const size_t check_n_doors = sizeof check_door_rows / sizeof check_door_rows[0];
