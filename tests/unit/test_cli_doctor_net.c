/* What proctcp doctor reads of net-snmp and collectd: configurations, answers of snmpget, MIBs. */
#include "../../plugins/cli/doctor_collectd_conf.h"
#include "../../plugins/cli/doctor_mib.h"
#include "../../plugins/cli/doctor_snmpd_conf.h"
#include "../../plugins/cli/doctor_snmpget.h"
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add_snmpd(struct snmpd_conf *conf, const char *line)
{
    struct words words;
    bool is_directory;
    assert_true(words_split(line, true, &words));
    assert_null(snmpd_conf_line(conf, &words, &is_directory));
}

static void snmpd_is_a_master_if_a_line_says_so(void **state)
{
    struct snmpd_conf conf = {.is_master = false};
    (void)state;
    add_snmpd(&conf, "#master agentx");
    add_snmpd(&conf, "master");
    add_snmpd(&conf, "master smux");
    assert_false(conf.is_master);
    add_snmpd(&conf, "  Master  AgentX # yes");
    add_snmpd(&conf, "agentXSocket unix:/run/agentx/master");
    add_snmpd(&conf, "dlmod other /x.so");
    assert_true(conf.is_master);
    assert_string_equal(conf.socket, "unix:/run/agentx/master");
    assert_false(conf.has_module);
    add_snmpd(&conf, "dlmod proctcp /usr/local/lib/snmp/dlmod/proctcp.so");
    assert_true(conf.has_module);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void snmpd_conf_includes_files_and_directories_and_ends_if_it_includes_itself(void **state)
{
    char directory[] = "/tmp/proctcp-doctor-XXXXXX", path[128];
    struct snmpd_conf conf = {.is_master = false};
    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    assert_int_equal(mkdir("d", 0700), 0);
    write_file("snmpd.conf", "includeDir d\nincludeFile snmpd.conf\n");
    write_file("d/a.conf", "master agentx\n");
    write_file("d/ignored.txt", "agentXSocket wrong\n");
    snprintf(path, sizeof(path), "%s/snmpd.conf", directory);
    snmpd_conf_read(&conf, path);
    assert_true(conf.is_master);
    assert_string_equal(conf.socket, "");
    assert_in_range(conf.files.count, 2, 256);
    assert_int_equal(unlink("d/a.conf") | unlink("d/ignored.txt") | unlink("snmpd.conf") | rmdir("d"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(directory), 0);
}

/* Lines one after the other; returns what is included behind the last one, or NULL. */
static const char *read_collectd(struct collectd_conf *conf, const char *text)
{
    struct doctor_text left = {text, text + strlen(text)};
    char line[DOCTOR_LINE_SIZE];
    struct words words;
    bool includes = false;

    collectd_conf_begin(conf);
    while (doctor_file_line(&left, line)) {
        assert_true(words_split(line, true, &words));
        includes = collectd_conf_line(conf, &words);
    }
    return includes ? conf->include : NULL;
}

static void collectd_loads_from_the_directory_that_was_said_last_before(void **state)
{
    struct collectd_conf conf;
    (void)state;
    read_collectd(&conf, "PluginDir \"/a\"\nLoadPlugin \"proctcp\"\nPluginDir /b\n");
    assert_true(conf.is_loaded);
    assert_string_equal(conf.loaded_from, "/a");
    assert_string_equal(conf.directory, "/b");
    read_collectd(&conf, "<LoadPlugin proctcp>\n  Interval 5\n</LoadPlugin>\n");
    assert_true(conf.is_loaded);
    assert_string_not_equal(conf.loaded_from, "/a");
    assert_string_not_equal(conf.loaded_from, "");
    read_collectd(&conf, "#LoadPlugin proctcp\n<Plugin \"proctcp\">\n Report lean\n</Plugin>\n");
    assert_false(conf.is_loaded);
    assert_true(conf.has_block);
    read_collectd(&conf, "AutoLoadPlugin true\n<Plugin \"proctcp\">\n</Plugin>\n");
    assert_true(conf.is_loaded);
    read_collectd(&conf, "<Plugin python>\nLoadPlugin proctcp\n</Plugin>\n");
    assert_false(conf.is_loaded);
}

static void a_plugin_behind_ours_must_stand_in_the_directory_in_effect(void **state)
{
    struct collectd_conf conf;
    (void)state;
    read_collectd(&conf, "PluginDir /nowhere\nLoadPlugin csv\nLoadPlugin proctcp\nLoadPlugin cpu\nLoadPlugin disk\n");
    assert_string_equal(conf.missing, "cpu");
    assert_string_equal(conf.missing_from, "/nowhere");
    read_collectd(&conf, "PluginDir /nowhere\nLoadPlugin csv\nLoadPlugin proctcp\n");
    assert_string_equal(conf.missing, "");
}

static void what_collectd_includes_may_have_a_filter(void **state)
{
    struct collectd_conf conf;
    (void)state;
    assert_string_equal(read_collectd(&conf, "Include \"/etc/collectd.d/*.conf\"\n"), "/etc/collectd.d/*.conf");
    assert_string_equal(conf.filter, "");
    assert_null(read_collectd(&conf, "<Include \"/etc/d\">\n  Filter \"*.conf\"\n"));
    assert_string_equal(read_collectd(&conf, "<Include \"/etc/d\">\n  Filter \"*.conf\"\n</Include>\n"), "/etc/d");
    assert_string_equal(conf.filter, "*.conf");
    assert_null(read_collectd(&conf, "</Plugin>\n</Include>\n"));
}

static void lines_of_collectd_conf_are_continued_behind_a_backslash(void **state)
{
    static const struct {
        const char *text;
        bool is_loaded;
    } cases[] = {
        {"LoadPlugin \\\n  proctcp\n", true},
        {"LoadPlugin \\\n \\\n \"proctcp\"\n", true},
        {"# LoadPlugin cpu \\\nLoadPlugin proctcp\n", true}, /* a comment ends with its line */
        {"LoadPlugin cpu # \\\nLoadPlugin proctcp\n", true},
        {"Hostname \"a#\" \\\nLoadPlugin proctcp\n", false},
        {"Hostname a\\\\\nLoadPlugin proctcp\n", true}, /* \\ is a backslash */
    };
    char path[] = "/tmp/proctcp-doctor-XXXXXX";
    (void)state;
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct collectd_conf conf;
        collectd_conf_begin(&conf);
        write_file(path, cases[i].text);
        assert_int_equal(collectd_conf_read(&conf, path), 0);
        assert_int_equal(conf.is_loaded, cases[i].is_loaded);
        assert_string_equal(conf.files.cut, "");
    }
    assert_int_equal(unlink(path), 0);
}

/* size: of blank lines, behind which stands the text. */
static void write_behind(const char *path, size_t size, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(putc('\n', file), '\n');
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void read_both(const char *path, struct collectd_conf *collectd, struct snmpd_conf *snmpd)
{
    memset(snmpd, 0, sizeof(*snmpd));
    collectd_conf_begin(collectd);
    collectd_conf_read(collectd, path);
    snmpd_conf_read(snmpd, path);
}

static void what_was_not_read_to_its_end_is_told(void **state)
{
    char directory[] = "/tmp/proctcp-doctor-XXXXXX", path[64], text[256], file[64];
    struct collectd_conf collectd;
    struct snmpd_conf snmpd;
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/conf", directory);
    write_behind(path, 255 << 10, "LoadPlugin proctcp\nmaster agentx\n");
    read_both(path, &collectd, &snmpd);
    assert_true(collectd.is_loaded && snmpd.is_master && !*collectd.files.cut && !*snmpd.files.cut);
    write_behind(path, 256 << 10, "LoadPlugin proctcp\nmaster agentx\n");
    read_both(path, &collectd, &snmpd);
    assert_false(collectd.is_loaded || snmpd.is_master);
    assert_string_equal(collectd.files.cut, path);
    assert_string_equal(snmpd.files.cut, path);
    /* More files than are read. */
    snprintf(text, sizeof(text), "Include \"%s/*.conf\"\nincludeDir %s\n", directory, directory);
    write_file(path, text);
    for (int i = 0; i < 300; i++) {
        snprintf(file, sizeof(file), "%s/%d.conf", directory, i);
        write_file(file, "\n");
    }
    read_both(path, &collectd, &snmpd);
    assert_string_not_equal(collectd.files.cut, "");
    assert_string_not_equal(snmpd.files.cut, "");
    for (int i = 0; i < 300; i++) {
        snprintf(file, sizeof(file), "%s/%d.conf", directory, i);
        assert_int_equal(unlink(file), 0);
        if (i == 250) { /* few enough of them for collectd */
            read_both(path, &collectd, &snmpd);
            assert_string_equal(collectd.files.cut, "");
            assert_string_equal(snmpd.files.cut, "");
        }
    }
    assert_int_equal(unlink(path) | rmdir(directory), 0);
}

static void values_of_snmpget_are_without_type_and_quotes(void **state)
{
    static const char out[] =
        ".1.3.6.1.2.1.1.1.0 = STRING: \"Linux host\"\n.1.2.3.0 = INTEGER: 2\n.1.2.30.0 = Counter64: 17\n"
        ".1.2.4.0 = No Such Object available on this agent at this OID\n.1.2.5.0 = \"\"\n"
        ".1.2.6.0 = STRING: \"a\n";
    char value[64];
    (void)state;
    assert_true(snmpget_value(out, ".1.3.6.1.2.1.1.1.0", value, sizeof(value)));
    assert_string_equal(value, "Linux host");
    assert_true(snmpget_value(out, ".1.2.3.0", value, sizeof(value)));
    assert_string_equal(value, "2");
    assert_true(snmpget_value(out, ".1.2.30.0", value, sizeof(value)));
    assert_string_equal(value, "17");
    assert_true(snmpget_value(out, ".1.2.5.0", value, sizeof(value)));
    assert_string_equal(value, "");
    assert_true(snmpget_value(out, ".1.2.6.0", value, sizeof(value)));
    assert_string_equal(value, "\"a");
    assert_false(snmpget_value(out, ".1.2.4.0", value, sizeof(value)));
    assert_false(snmpget_value(out, ".1.2", value, sizeof(value)));
    assert_false(snmpget_value("", ".1.2", value, sizeof(value)));
    assert_true(snmpget_value(out, ".1.3.6.1.2.1.1.1.0", value, 4));
    assert_string_equal(value, "Lin");
}

static void failures_of_snmpget_are_told_apart(void **state)
{
    static const struct {
        const char *error;
        int status;
        enum snmp_fault fault;
    } cases[] = {
        {"", 0, SNMP_ANSWERED},
        {"Timeout: No Response from localhost.\n", 1, SNMP_NO_ANSWER},
        {"snmpget: Unknown user name\n", 1, SNMP_WRONG_USER},
        {"snmpget: Authentication failure (incorrect password, community or key)\n", 1, SNMP_WRONG_PASSWORD},
        {"snmpget: Decryption error\n", 1, SNMP_WRONG_PASSWORD},
        {"snmpget: Unsupported security level\n", 1, SNMP_WRONG_LEVEL},
        {"snmpget: Unknown host (nowhere.invalid) (Success)\n", 1, SNMP_WRONG_ADDRESS},
        {"Error in packet.\nReason: authorizationError (access denied to that object)\n", 2, SNMP_REFUSED},
        {"No hostname specified.\nUSAGE: snmpget [OPTIONS] AGENT OID [OID]...\n", 1, SNMP_WRONG_ARGUMENTS},
        {"something else\n", 1, SNMP_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(snmpget_fault(cases[i].error, cases[i].status), cases[i].fault);
}

static void the_date_of_a_mib_is_its_first_update(void **state)
{
    char date[16];
    (void)state;
    assert_true(mib_last_updated("x MODULE-IDENTITY\n    LAST-UPDATED \"202611262200Z\"\n", date));
    assert_string_equal(date, "202611262200Z");
    assert_true(mib_last_updated("LAST-UPDATED\n\t\"9901010000Z\"", date));
    assert_string_equal(date, "9901010000Z");
    assert_false(mib_last_updated("LAST-UPDATED \"20261126\"", date));
    assert_false(mib_last_updated("LAST-UPDATED \"202611262200Z", date));
    assert_false(mib_last_updated("LAST-UPDATED", date));
    assert_false(mib_last_updated("", date));
}

static void modules_that_are_missing_are_named_once(void **state)
{
    char names[64], few[12];
    static const char error[] =
        "Cannot find module (SNMPv2-TC): At line 10 in /a\nCannot find module (SNMPv2): At line 1\n"
        "Cannot find module (SNMPv2-TC): At line 7 in /b\nCannot find module (\x1b[0m): x\n";
    (void)state;
    assert_int_equal(mib_missing_modules(error, names, sizeof(names)), 2);
    assert_string_equal(names, "SNMPv2-TC SNMPv2");
    assert_int_equal(mib_missing_modules(error, few, sizeof(few)), 1);
    assert_int_equal(mib_missing_modules("", names, sizeof(names)), 0);
    assert_string_equal(names, "");
}

static void the_search_path_is_told_in_two_ways(void **state)
{
    char path[64];
    (void)state;
    assert_true(mib_search_path("MIB search path: /a:/b\nCannot find module (X): y\n", path, sizeof(path)));
    assert_string_equal(path, "/a:/b");
    assert_true(mib_search_path("init_mib: Seen MIBDIRS: Looking in '/c:/d' for mib dirs ...\n", path, sizeof(path)));
    assert_string_equal(path, "/c:/d");
    assert_false(mib_search_path("nothing", path, sizeof(path)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snmpd_is_a_master_if_a_line_says_so),
        cmocka_unit_test(snmpd_conf_includes_files_and_directories_and_ends_if_it_includes_itself),
        cmocka_unit_test(collectd_loads_from_the_directory_that_was_said_last_before),
        cmocka_unit_test(a_plugin_behind_ours_must_stand_in_the_directory_in_effect),
        cmocka_unit_test(what_collectd_includes_may_have_a_filter),
        cmocka_unit_test(lines_of_collectd_conf_are_continued_behind_a_backslash),
        cmocka_unit_test(what_was_not_read_to_its_end_is_told),
        cmocka_unit_test(values_of_snmpget_are_without_type_and_quotes),
        cmocka_unit_test(failures_of_snmpget_are_told_apart),
        cmocka_unit_test(the_date_of_a_mib_is_its_first_update),
        cmocka_unit_test(modules_that_are_missing_are_named_once),
        cmocka_unit_test(the_search_path_is_told_in_two_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
