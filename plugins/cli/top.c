/* top.c - the loop of --top: waits for keys, signals and scans, and shows what came of them. Signals are blocked but
 * while it waits, so that none comes between a look at them and the wait, or into what ncurses does; the worker's
 * thread has them blocked always. */
#include "top.h"

#include "top_screen.h"
#include "top_worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_S 2.0

static volatile sig_atomic_t ended_by;

static void end_by(int signal)
{
    ended_by = signal;
}

/* SIGWINCH and SIGTSTP are handled by ncurses. */
static const int handled[] = {SIGINT,    SIGTERM, SIGHUP,  SIGQUIT, SIGABRT, SIGUSR1, SIGUSR2,  SIGALRM,
                              SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGIO,   SIGPWR,  SIGWINCH, SIGTSTP};

static void block_signals(sigset_t *before)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t s = 0; s < sizeof(handled) / sizeof(handled[0]); s++)
        sigaddset(&set, handled[s]);
    pthread_sigmask(SIG_BLOCK, &set, before);
    for (size_t s = 0; s < sizeof(handled) / sizeof(handled[0]); s++)
        sigdelset(before, handled[s]); /* whatever the caller had blocked */
}

static void handle_signals(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    sigemptyset(&action.sa_mask);
    for (size_t s = 0; s < sizeof(handled) / sizeof(handled[0]) - 2; s++) /* but those of ncurses */
        sigaction(handled[s], &action, NULL);
}

static enum top_name first_view(const struct settings *settings)
{
    enum top_name name = TOP_GROUPS;

    while (name < TOP_VIEWS - 1 && top_views[name].view != settings->view)
        name++;
    return name;
}

static void take_news(struct worker *worker, struct top_state *state, struct worker_news *news)
{
    worker_take(worker, news);
    memcpy(state->failure, news->failure, sizeof(state->failure));
    if (news->error == -ENOMEM)
        state->out_of_memory = true;
    if (news->pass)
        top_state_pass(state, news->pass);
}

static void take_keys(struct worker *worker, struct top_state *state)
{
    const double interval_s = state->interval_s;
    const bool paused = state->paused;

    for (int key = screen_key(); key >= 0 && !state->ended; key = screen_key()) {
        if (key)
            top_state_key(state, key);
    }
    if (state->interval_s != interval_s || state->paused != paused)
        worker_set(worker, state->interval_s, state->paused);
}

static void show(struct top_state *state)
{
    screen_size(&state->width, &state->height);
    screen_show(state);
}

/* Until something ends it. */
static void watch(struct worker *worker, struct top_state *state, const sigset_t *waiting)
{
    struct pollfd waits[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = worker_descriptor(worker), .events = POLLIN}};
    struct worker_news news = {.finished = false};

    while (!state->ended && !state->out_of_memory && !ended_by && !news.finished) {
        show(state);
        if (ppoll(waits, 2, NULL, waiting) < 0 && errno != EINTR)
            return;
        take_keys(worker, state); /* also after a signal: a new size of the screen comes as a key */
        take_news(worker, state, &news);
        if (waits[0].revents & (POLLHUP | POLLERR | POLLNVAL)) /* the terminal is gone */
            return;
        waits[0].revents = 0;
    }
}

/* Says on stderr what the screen showed last, for the screen is gone. */
static int tell_end(const struct top_state *state)
{
    if (state->out_of_memory)
        fputs("proctcp: out of memory\n", stderr);
    else if (!state->pass && *state->failure)
        fprintf(stderr, "proctcp: %s\n", state->failure);
    return state->out_of_memory || (!state->pass && *state->failure) ? STATUS_NOTHING : STATUS_READ;
}

int top_run(const struct settings *settings)
{
    const double interval_s = settings->interval_s > 0 ? settings->interval_s : INTERVAL_S;
    struct worker *worker;
    struct top_state state;
    sigset_t waiting;
    const char *refusal;
    int error, status = STATUS_NOTHING;

    block_signals(&waiting);
    handle_signals(end_by);
    refusal = screen_open(settings->style.colour);
    if (refusal) {
        fprintf(stderr, "proctcp: --top: %s\n", refusal);
        return STATUS_USAGE;
    }
    top_state_init(&state, first_view(settings), interval_s);
    error = worker_start(&settings->options, interval_s, settings->counted ? settings->count : 0, &worker);
    if (error == 0)
        watch(worker, &state, &waiting);
    screen_close();
    /* A scan may be under way: who does not want to wait for its end may interrupt once more. */
    handle_signals(SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &waiting, NULL);
    if (error == 0) {
        worker_end(worker);
        status = tell_end(&state);
    } else {
        fprintf(stderr, "proctcp: --top: %s\n", strerror(-error));
    }
    top_state_close(&state);
    return status;
}
