/* What the path of a cgroup says: units and containers, in the forms that systemd and the runtimes document. */
#include "select/cgroup_names.h"
#include "testing.h"

#include <string.h>

#define ID    "4e3f7b1c2d5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define SHOWN "4e3f7b1c2d5a"

static const char *unit(const char *path)
{
    static char text[CGROUP_NAME_SIZE];
    return cgroup_unit(path, text) ? text : "(none)";
}

static const char *container(const char *path)
{
    static char text[CGROUP_NAME_SIZE];
    return cgroup_container(path, text) ? text : "(none)";
}

static void a_unit_is_the_first_that_is_no_slice(void **state)
{
    (void)state;
    assert_string_equal(unit("/system.slice/nginx.service"), "nginx.service");
    assert_string_equal(unit("/system.slice/system-getty.slice/getty@tty1.service"), "getty@tty1.service");
    assert_string_equal(unit("/system.slice/nginx.service/worker"), "nginx.service");
    assert_string_equal(unit("/init.scope"), "init.scope");
    assert_string_equal(unit("/user.slice/user-1000.slice/session-3.scope"), "session-3.scope");
    assert_string_equal(unit("/system.slice/_cpu.service"), "cpu.service");
}

static void a_users_manager_has_units_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(unit("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service"), "web.service");
    assert_string_equal(unit("/user.slice/user-1000.slice/user@1000.service/init.scope"), "init.scope");
    assert_string_equal(unit("/user.slice/user-1000.slice/user@1000.service"), "user@1000.service");
    assert_string_equal(unit("/user.slice/user-1000.slice/user@1000.service/app.slice"), "user@1000.service");
}

static void what_is_no_unit_is_none(void **state)
{
    (void)state;
    assert_string_equal(unit("/"), "(none)");
    assert_string_equal(unit(""), "(none)");
    assert_string_equal(unit("/system.slice"), "(none)");
    assert_string_equal(unit("/docker/" ID), "(none)");
    assert_string_equal(unit("/.service"), "(none)");
    assert_string_equal(unit("/mine/nginx.service"), "(none)");
}

static void each_runtime_names_containers_in_its_way(void **state)
{
    static const char *const paths[] = {
        "/docker/" ID,                                  /* docker, cgroupfs */
        "/system.slice/docker-" ID ".scope",            /* docker, systemd */
        "/system.slice/docker-" ID ".scope/init.scope", /* with an init in it */
        "/kubepods/besteffort/pod0f3d4c5e-6a7b/" ID,    /* kubelet, cgroupfs */
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f3d.slice/cri-containerd-" ID ".scope",
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0f3d.slice/crio-" ID ".scope",
        "/kubepods.slice/kubepods-pod0f3d.slice/crio-" ID ".scope/container",
        "/system.slice/containerd.service/kubepods-besteffort-pod0f3d.slice:cri-containerd:" ID,
        "/machine.slice/libpod-" ID ".scope", /* podman, root */
        "/machine.slice/libpod-" ID ".scope/container",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", /* podman, of a user */
        "/libpod_parent/libpod-" ID,                                                    /* podman, cgroupfs */
        "/system.slice/nerdctl-" ID ".scope",
        "/default/" ID, /* nerdctl, cgroupfs */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert_string_equal(container(paths[i]), SHOWN);
}

static void machines_have_names(void **state)
{
    (void)state;
    assert_string_equal(container("/machine.slice/machine-web.scope"), "web");
    assert_string_equal(container("/machine.slice/machine-web\\x2d1.scope"), "web-1");
    assert_string_equal(container("/machine.slice/systemd-nspawn@web.service"), "web");
    assert_string_equal(container("/machine.slice/systemd-nspawn@web.service/payload"), "web");
    assert_string_equal(container("/lxc.payload.web"), "web");
    assert_string_equal(container("/lxc.payload.web/system.slice/nginx.service"), "web");
}

static void what_is_no_container_is_none(void **state)
{
    (void)state;
    assert_string_equal(container("/system.slice/nginx.service"), "(none)");
    assert_string_equal(container("/machine.slice/libpod-conmon-" ID ".scope"), "(none)");
    assert_string_equal(container("/system.slice/crio-conmon-" ID ".scope"), "(none)");
    assert_string_equal(container("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope"), "(none)");
    assert_string_equal(container("/docker/" ID "0"), "(none)");
    assert_string_equal(container("/docker/4e3f7b1c2d5a"), "(none)");
    assert_string_equal(container("/lxc.monitor.web"), "(none)");
    assert_string_equal(container("/machine-.scope"), "(none)");
    assert_string_equal(container(""), "(none)");
}

static void names_of_any_length_are_cut(void **state)
{
    char path[2000] = "/";
    char text[CGROUP_NAME_SIZE];

    (void)state;
    memset(path + 1, 'a', 1000);
    strcpy(path + 1001, ".service");
    assert_true(cgroup_unit(path, text));
    assert_int_equal(strlen(text), CGROUP_NAME_SIZE - 1);
    assert_string_equal(container(path), "(none)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_is_the_first_that_is_no_slice),
        cmocka_unit_test(a_users_manager_has_units_of_its_own),
        cmocka_unit_test(what_is_no_unit_is_none),
        cmocka_unit_test(each_runtime_names_containers_in_its_way),
        cmocka_unit_test(machines_have_names),
        cmocka_unit_test(what_is_no_container_is_none),
        cmocka_unit_test(names_of_any_length_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
