/* What proctcp doctor reads: mounts, lines and words, status and maps of processes, versions of kernels, findings. */
#include "../../plugins/cli/doctor_access.h"
#include "../../plugins/cli/doctor_bounded.h"
#include "../../plugins/cli/doctor_clock.h"
#include "../../plugins/cli/doctor_daemons.h"
#include "../../plugins/cli/doctor_finding.h"
#include "../../plugins/cli/doctor_kernel.h"
#include "../../plugins/cli/doctor_mounts.h"
#include "../../plugins/cli/doctor_remedies.h"
#include "../../plugins/cli/doctor_words.h"
#include "testing.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_mount_of_proc_tells_what_it_hides_and_from_whom(void **state)
{
    static const struct {
        const char *line;
        enum hidepid hidepid;
        bool has_gid;
    } cases[] = {
        {"23 28 0:21 / /proc rw,relatime shared:14 - proc proc rw", HIDEPID_OFF, false},
        {"23 28 0:21 / /proc rw,relatime - proc proc rw,gid=27,hidepid=invisible", HIDEPID_INVISIBLE, true},
        {"23 28 0:21 / /proc rw shared:1 master:2 - proc proc rw,hidepid=2", HIDEPID_INVISIBLE, false},
        {"23 28 0:21 / /proc rw - proc none rw,hidepid=noaccess", HIDEPID_NOACCESS, false},
        {"23 28 0:21 / /proc rw - proc none hidepid=1,subset=pid", HIDEPID_NOACCESS, false},
        {"23 28 0:21 / /proc rw - proc proc rw,hidepid=ptraceable", HIDEPID_PTRACEABLE, false},
        {"23 28 0:21 / /proc rw - proc proc rw,hidepid=0", HIDEPID_OFF, false},
        {"23 28 0:21 / /proc rw,hidepid=2 - tmpfs tmpfs rw,hidepid=2", HIDEPID_OFF, false},
    };
    struct mount mount;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(mounts_parse(cases[i].line, &mount));
        assert_string_equal(mount.point, "/proc");
        assert_int_equal(mount.hidepid, cases[i].hidepid);
        assert_int_equal(mount.has_gid, cases[i].has_gid);
        assert_int_equal(mount.gid, cases[i].has_gid ? 27 : 0);
    }
}

static void a_line_that_is_no_mount_is_refused(void **state)
{
    static const char *const lines[] = {"",
                                        " ",
                                        "23",
                                        "23 28 0:21 /",
                                        "23 28 0:21 / /proc rw",
                                        "23 28 0:21 / /proc rw - ",
                                        "23 28 0:21 / /proc rw - proc",
                                        "23 28 0:21 / /proc rw - proc proc"};
    struct mount mount;
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_false(mounts_parse(lines[i], &mount));
}

static void words_are_those_of_quotes_blanks_and_comments(void **state)
{
    struct words words;
    (void)state;
    assert_true(words_split("  view\tall  included .1 # tail", true, &words));
    assert_int_equal(words.count, 4);
    assert_string_equal(words.at[3], ".1");
    assert_null(words.at[4]);
    assert_true(words_split("PluginDir \"/a b\\\"c\"", true, &words));
    assert_string_equal(words.at[1], "/a b\"c");
    assert_true(words_split("-c 'it # is' #x a#b", false, &words));
    assert_int_equal(words.count, 4);
    assert_string_equal(words.at[1], "it # is");
    assert_string_equal(words.at[2], "#x");
    assert_true(words_split("-A \"\" end", false, &words));
    assert_string_equal(words.at[1], "");
    assert_true(words_split("# nothing", true, &words));
    assert_int_equal(words.count, 0);
    assert_false(words_split("\"open", true, &words));
    assert_true(words_split("MASTER x", true, &words) && words_begin_with(&words, "master"));
}

static void too_many_words_and_too_long_lines_are_refused(void **state)
{
    char line[2 * DOCTOR_LINE_SIZE];
    struct words words;
    (void)state;
    memset(line, 'a', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    assert_false(words_split(line, true, &words));
    for (size_t i = 0; i < 2 * (WORDS_MAX + 1); i += 2)
        memcpy(line + i, "a ", 2);
    line[2 * (WORDS_MAX + 1)] = '\0';
    assert_false(words_split(line, true, &words));
    line[2 * WORDS_MAX] = '\0';
    assert_true(words_split(line, true, &words));
    assert_int_equal(words.count, WORDS_MAX);
}

static void lines_are_cut_and_hold_no_nul(void **state)
{
    char text[3 * DOCTOR_LINE_SIZE], line[DOCTOR_LINE_SIZE];
    struct doctor_text left = {"a\0b\n\nlast", NULL};
    (void)state;
    left.end = left.at + 9;
    assert_true(doctor_file_line(&left, line));
    assert_string_equal(line, "a?b");
    assert_true(doctor_file_line(&left, line));
    assert_string_equal(line, "");
    assert_true(doctor_file_line(&left, line));
    assert_string_equal(line, "last");
    assert_false(doctor_file_line(&left, line));
    memset(text, 'x', sizeof(text));
    text[2 * DOCTOR_LINE_SIZE] = '\n';
    left = (struct doctor_text){text, text + sizeof(text)};
    assert_true(doctor_file_line(&left, line));
    assert_int_equal(strlen(line), DOCTOR_LINE_SIZE - 1);
    assert_true(doctor_file_line(&left, line));
    assert_false(doctor_file_line(&left, line));
}

static void a_library_that_was_replaced_is_told_from_one_that_is_there(void **state)
{
    static const char old[] =
        "7f00-7f01 r-xp 00000000 fe:00 12 /usr/lib/libc.so.6\n"
        "7f02-7f03 r-xp 00000000 fe:00 13 /usr/lib/collectd/proctcp.so (deleted)\n";
    static const char current[] = "7f02-7f03 r-xp 00000000 fe:00 13 /usr/lib/collectd/proctcp.so\n";
    static const char other[] = "7f02-7f03 r-xp 00000000 fe:00 13 /usr/lib/collectd/notproctcp.so\n";
    (void)state;
    assert_int_equal(daemons_library_in(old, strlen(old), "proctcp.so"), DAEMON_REPLACED);
    assert_int_equal(daemons_library_in(current, strlen(current), "proctcp.so"), DAEMON_CURRENT);
    assert_int_equal(daemons_library_in(other, strlen(other), "proctcp.so"), DAEMON_ABSENT);
    assert_int_equal(daemons_library_in("", 0, "proctcp.so"), DAEMON_ABSENT);
}

static const char status_of_agent[] =
    "Name:\tproctcp-agentx\nUid:\t0\t104\t104\t104\nGid:\t0\t110\t110\t110\nFDSize:\t64\n"
    "Groups:\t4 27 \nCapEff:\t0000000000080004\n";

static void who_a_process_is_stands_in_its_status(void **state)
{
    struct identity identity;
    (void)state;
    assert_true(identity_parse(status_of_agent, &identity));
    assert_int_equal(identity.uid, 104);
    assert_int_equal(identity.group_count, 3);
    assert_int_equal(identity.groups[0], 110);
    assert_int_equal(identity.groups[2], 27);
    assert_int_equal(identity.capabilities, 1u << CAP_SYS_PTRACE | 1u << CAP_DAC_READ_SEARCH);
    assert_false(identity_parse("Name:\tx\nUid:\t0\t0\n", &identity));
    assert_true(identity_parse("\nUid:\t0\t0\nGid:\t0\t0\nGroups:\t\nCapEff:\t0\n", &identity));
    assert_int_equal(identity.group_count, 1);
}

static void permissions_are_those_of_the_first_class_that_fits(void **state)
{
    static const struct {
        mode_t mode;
        uid_t uid;
        gid_t gid;
        unsigned wanted;
        bool may;
    } cases[] = {
        {S_IFSOCK | 0600, 104, 0, S_IWOTH, true}, {S_IFSOCK | 0066, 104, 110, S_IWOTH, false},
        {S_IFSOCK | 0060, 0, 27, S_IWOTH, true},  {S_IFSOCK | 0606, 0, 27, S_IWOTH, false},
        {S_IFSOCK | 0660, 0, 0, S_IWOTH, false},  {S_IFSOCK | 0662, 0, 0, S_IWOTH, true},
        {S_IFDIR | 0700, 0, 0, S_IXOTH, true}, /* CAP_DAC_READ_SEARCH */
        {S_IFDIR | 0700, 0, 0, S_IWOTH, false},
    };
    struct identity identity;
    (void)state;
    assert_true(identity_parse(status_of_agent, &identity));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct stat status = {.st_mode = cases[i].mode, .st_uid = cases[i].uid, .st_gid = cases[i].gid};
        assert_int_equal(identity_may(&identity, &status, cases[i].wanted), cases[i].may);
    }
    identity.capabilities = 0;
    assert_false(identity_may(&identity, &(struct stat){.st_mode = S_IFDIR | 0700}, S_IXOTH));
    identity.capabilities = 1u << CAP_DAC_OVERRIDE;
    assert_true(identity_may(&identity, &(struct stat){.st_mode = S_IFSOCK}, S_IWOTH));
}

static void releases_are_compared_by_their_numbers(void **state)
{
    (void)state;
    assert_true(kernel_release_is_at_least("5.12.0", 5, 12));
    assert_true(kernel_release_is_at_least("6.1.0-18-amd64", 5, 12));
    assert_true(kernel_release_is_at_least("6", 5, 12));
    assert_true(kernel_release_is_at_least("5.100-rc1", 5, 12));
    assert_false(kernel_release_is_at_least("5.9.16", 5, 12));
    assert_false(kernel_release_is_at_least("3.10.0-1160.el7", 5, 12));
    assert_false(kernel_release_is_at_least("", 5, 12));
    assert_false(kernel_release_is_at_least("linux", 5, 12));
}

static void the_worst_that_is_said_is_the_result(void **state)
{
    struct finding finding = finding_begin("check");
    (void)state;
    assert_int_equal(finding.result, FINDING_NONE);
    finding_say(&finding, FINDING_WARNING, "one");
    finding_say(&finding, FINDING_OK, "two %d", 2);
    assert_int_equal(finding.result, FINDING_WARNING);
    assert_string_equal(finding.found, "one\ntwo 2");
    for (int i = 0; i < 1000; i++)
        finding_remedy(&finding, "line %d", i);
    assert_true(strlen(finding.remedy) < sizeof(finding.remedy));
    assert_non_null(strstr(finding.remedy, "line 100\nline 101"));
}

static void text_of_strangers_is_printable_and_cut(void **state)
{
    char escaped[FINDING_TEXT_SIZE], text[1000];
    (void)state;
    assert_string_equal(finding_escape("a b\n\x1b[31m", escaped), "a b\\x0a\\x1b[31m");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    finding_escape(text, escaped);
    assert_int_equal(strlen(escaped), sizeof(escaped) - 1);
    assert_string_equal(escaped + strlen(escaped) - 3, "x..");
}

static void a_remedy_has_no_text_that_a_shell_would_take_for_more_than_a_word(void **state)
{
    static const char *const plain[] = {"/run/agentx/master", "unix:/a_b-c", "/a,unix:/b", "10.0.0.1:705", "x+y"};
    static const char *const others[] = {"",      "/t/sh;$(id>pwned);/m",
                                         "/a b",  "/a'b",
                                         "`id`",  "-R",
                                         "/a\nb", "/a\x1b[m",
                                         "/a\\b", "~root",
                                         "{a,b}", "a|b",
                                         "a&b",   "a>b",
                                         "*",     "#a",
                                         "!1",    "\xc3\xa4",
                                         "a\"b",  "$x",
                                         "a=b",   "%d"};
    struct finding finding = finding_begin("check");
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        finding_remedy_text(&finding, "sudo chmod o+x ", others[i], "");
    assert_string_equal(finding.remedy, "");
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        assert_true(finding_is_plain(plain[i]));
    finding_remedy_text(&finding, "cd ", "/run", " && ls");
    assert_string_equal(finding.remedy, "cd /run && ls");
}

/* A descriptor that tells of every open() in a directory. */
static int watch_opens(const char *directory)
{
    const int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    assert_true(watch >= 0);
    assert_true(inotify_add_watch(watch, directory, IN_OPEN) >= 0);
    return watch;
}

static void what_is_no_regular_file_is_not_even_opened(void **state)
{
    char directory[] = "/tmp/proctcp-doctor-XXXXXX", path[64], text[64], events[4096];
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/x", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    int watch = watch_opens(directory);
    assert_int_equal(doctor_file_read(path, text, sizeof(text)), -EINVAL);
    assert_true(read(watch, events, sizeof(events)) < 0);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(unlink(path), 0);
    FILE *file = fopen(path, "w");
    assert_true(file && fputs("text", file) >= 0 && fclose(file) == 0);
    while (read(watch, events, sizeof(events)) > 0)
        ;
    assert_int_equal(doctor_file_read(path, text, sizeof(text)), 4);
    assert_string_equal(text, "text");
    assert_true(read(watch, events, sizeof(events)) > 0); /* so that it would have been seen */
    close(watch);
    assert_int_equal(unlink(path) | rmdir(directory), 0);
    assert_int_equal(doctor_file_read("/dev/null", text, sizeof(text)), -EINVAL);
    assert_int_equal(doctor_file_read("/nowhere/x", text, sizeof(text)), -ENOENT);
}

static void a_daemon_is_told_by_a_program_that_only_root_can_have_put_there(void **state)
{
    struct stat program, other;
    (void)state;
    assert_int_equal(stat("/bin/sh", &program), 0);
    char real[PATH_MAX], copy[] = "/tmp/proctcp-doctor-XXXXXX", path[PATH_MAX + 16];
    assert_non_null(realpath("/bin/sh", real));
    const char *name = strrchr(real, '/') + 1;
    assert_true(daemons_is_program(real, &program, name));
    assert_false(daemons_is_program(real, &program, "snmpd"));
    assert_false(daemons_is_program(name, &program, name));
    assert_false(daemons_is_program("", &program, name));
    /* Another file by that name, as in a namespace of the process; one that only says that it is gone. */
    other = program;
    other.st_ino++;
    assert_false(daemons_is_program(real, &other, name));
    snprintf(path, sizeof(path), "%s (deleted)", real);
    assert_false(daemons_is_program(path, &program, name));
    other.st_nlink = 0;
    assert_true(daemons_is_program(path, &other, name));
    other = program;
    other.st_uid = 33;
    assert_false(daemons_is_program(real, &other, name));
    other = program;
    other.st_mode |= S_IWOTH;
    assert_false(daemons_is_program(real, &other, name));
    /* A directory of somebody else, where a file of root's may be a link. */
    assert_non_null(mkdtemp(copy));
    snprintf(path, sizeof(path), "%s/snmpd", copy);
    assert_int_equal(symlink(real, path), 0);
    assert_int_equal(chmod(copy, 0777), 0);
    assert_int_equal(stat(path, &program), 0);
    assert_false(daemons_is_program(path, &program, "snmpd"));
    assert_int_equal(unlink(path) | rmdir(copy), 0);
}

static void several_daemons_are_told_and_which_one_is_looked_at(void **state)
{
    struct daemons daemons = {.pid = {12, 34}, .count = 1};
    char text[128];
    (void)state;
    assert_string_equal(daemons_text(&daemons, text, sizeof(text)), "12");
    daemons.count = 2;
    assert_string_equal(daemons_text(&daemons, text, sizeof(text)), "12, 34; 12 of them is looked at");
    daemons.others = 8;
    daemons.count = 1;
    assert_string_equal(daemons_text(&daemons, text, sizeof(text)), "12 (processes that only have its name: 8)");
    daemons_text(&daemons, text, 8);
    assert_true(strlen(text) < 8);
}

static void a_host_is_debians_by_its_id_alone(void **state)
{
    (void)state;
    assert_true(host_is_debian("NAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=bookworm\nID=debian\n"));
    assert_true(host_is_debian("ID=\"debian\"\n"));
    assert_false(host_is_debian("ID=ubuntu\nID_LIKE=debian\n"));
    assert_false(host_is_debian("ID=debian-like\n"));
    assert_false(host_is_debian(""));
}

static void a_user_or_group_is_its_name_or_its_number(void **state)
{
    char text[64];
    (void)state;
    assert_string_equal(host_user(0, text), "root");
    assert_string_equal(host_group(0, text), "root");
    assert_string_equal(host_user(1234567890, text), "1234567890");
    assert_string_equal(host_group(1234567890, text), "1234567890");
}

static void tell_one(const struct doctor *doctor)
{
    struct finding finding = finding_begin("one");
    finding_say(&finding, FINDING_OK, "told");
    doctor_tell(doctor, &finding);
}

static void tell_one_and_stay(const struct doctor *doctor)
{
    tell_one(doctor);
    for (;;)
        pause();
}

static void tell_one_and_leave_a_child(const struct doctor *doctor)
{
    tell_one(doctor);
    if (fork() == 0) {
        for (int fd = 0; fd <= 2; fd++)
            close(fd);
        sleep(10); /* with the pipe open */
        _exit(0);
    }
}

static void tell_one_and_fail(const struct doctor *doctor)
{
    tell_one(doctor);
    _exit(3);
}

struct taken {
    struct finding findings[4];
    size_t count;
};

static void take(void *context, const struct finding *finding)
{
    struct taken *taken = context;
    assert_in_range(taken->count, 0, 3);
    taken->findings[taken->count++] = *finding;
}

static void checks_that_do_not_end_are_given_up_and_what_they_told_is_kept(void **state)
{
    static const struct {
        struct doctor_group group;
        const char *why; /* or NULL */
    } cases[] = {
        {{"group", tell_one, 30}, NULL},
        {{"group", tell_one_and_stay, 1}, "within 1 s, and was given up"},
        {{"group", tell_one_and_leave_a_child, 30}, NULL},
        {{"group", tell_one_and_fail, 30}, "wait status"},
    };
    const struct doctor_settings settings = {.snmp = NULL};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int64_t end = doctor_clock_after(8000);
        struct taken taken = {.count = 0};
        doctor_bounded_run(&cases[i].group, &settings, take, &taken);
        assert_int_not_equal(doctor_clock_left(end), 0);
        assert_int_equal(taken.count, cases[i].why ? 2 : 1);
        assert_string_equal(taken.findings[0].found, "told");
        if (!cases[i].why)
            continue;
        assert_string_equal(taken.findings[1].check, "group");
        assert_int_equal(taken.findings[1].result, FINDING_WARNING);
        assert_non_null(strstr(taken.findings[1].found, cases[i].why));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mount_of_proc_tells_what_it_hides_and_from_whom),
        cmocka_unit_test(a_line_that_is_no_mount_is_refused),
        cmocka_unit_test(words_are_those_of_quotes_blanks_and_comments),
        cmocka_unit_test(too_many_words_and_too_long_lines_are_refused),
        cmocka_unit_test(lines_are_cut_and_hold_no_nul),
        cmocka_unit_test(a_library_that_was_replaced_is_told_from_one_that_is_there),
        cmocka_unit_test(who_a_process_is_stands_in_its_status),
        cmocka_unit_test(permissions_are_those_of_the_first_class_that_fits),
        cmocka_unit_test(releases_are_compared_by_their_numbers),
        cmocka_unit_test(the_worst_that_is_said_is_the_result),
        cmocka_unit_test(text_of_strangers_is_printable_and_cut),
        cmocka_unit_test(a_remedy_has_no_text_that_a_shell_would_take_for_more_than_a_word),
        cmocka_unit_test(what_is_no_regular_file_is_not_even_opened),
        cmocka_unit_test(a_daemon_is_told_by_a_program_that_only_root_can_have_put_there),
        cmocka_unit_test(several_daemons_are_told_and_which_one_is_looked_at),
        cmocka_unit_test(a_host_is_debians_by_its_id_alone),
        cmocka_unit_test(a_user_or_group_is_its_name_or_its_number),
        cmocka_unit_test(checks_that_do_not_end_are_given_up_and_what_they_told_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
