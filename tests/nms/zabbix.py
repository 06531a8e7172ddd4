"""A Zabbix for a test: PostgreSQL, the server and the front end of Debian's packages, with a database of the test's own, on loopback."""
import glob
import gzip
import json
import os
import pwd
import shutil
import signal
import subprocess
import urllib.request

from nms import fetched
from support import free_tcp_port, wait_until

SERVER = "/usr/sbin/zabbix_server"
PAGES = "/usr/share/zabbix"
SCHEMA = "/usr/share/zabbix-server-pgsql"
MODULES = ["pgsql", "bcmath", "curl", "gd", "mbstring", "xml"]


def missing():
    """Why there is none, or None."""
    for path in (SERVER, PAGES, SCHEMA):
        if not os.path.exists(path):
            return "%s is missing (Debian packages zabbix-server-pgsql and zabbix-frontend-php)" % path
    if not shutil.which("php"):
        return "php is missing (Debian package php-cli)"
    if not binaries():
        return "PostgreSQL is missing (Debian package postgresql)"
    return None


def binaries():
    return max(glob.glob("/usr/lib/postgresql/*/bin"), default=None)


class Zabbix:
    """Runs until the test is over."""

    def __init__(self, test):
        self.test = test
        os.chmod(test.directory, 0o755)
        self.start_database()
        self.start_server()
        self.start_pages()
        self.token = None
        self.token = self.call("user.login", username="Admin", password="zabbix")
        stock, = self.call("host.get", filter={"host": "Zabbix server"})
        self.call("host.update", hostid=stock["hostid"], status=1)  # of an agent that is not here

    def as_postgres(self, *words, **options):
        entry = pwd.getpwnam("postgres")
        return {"args": list(words), "user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], **options}

    def start_database(self):
        test, where = self.test, self.test.path("db")
        os.mkdir(where)
        shutil.chown(where, "postgres", "postgres")
        self.database_port = free_tcp_port()
        log = open(test.path("db.log"), "w")
        test.addCleanup(log.close)
        subprocess.run(**self.as_postgres(os.path.join(binaries(), "initdb"), "-D", where, "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust"),
                       stdout=log, stderr=log, check=True, cwd="/")
        words = self.as_postgres(os.path.join(binaries(), "postgres"), "-D", where, "-p", str(self.database_port), "-h", "127.0.0.1", "-c",
                                 "unix_socket_directories=", "-c", "fsync=off", "-c", "synchronous_commit=off", cwd="/")
        self.database = test.start(*words.pop("args"), stdout=log, stderr=log, **words)
        wait_until(lambda: self.sql("select 1", "postgres", check=False) == 0, "PostgreSQL")
        self.sql("create role zabbix login; create database zabbix owner zabbix encoding 'UTF8' template template0", "postgres")
        for part in ("schema", "images", "data"):
            with gzip.open(os.path.join(SCHEMA, part + ".sql.gz")) as text:
                self.sql(text.read(), "zabbix", user="zabbix")

    def sql(self, text, database, user="postgres", check=True):
        for words in text.split("; ") if isinstance(text, str) else [text]:
            done = subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.database_port), "-U", user, database],
                                  input=words if isinstance(words, bytes) else words.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if check and done.returncode:
                raise AssertionError(done.stdout.decode()[-2000:])
        return done.returncode

    def start_server(self):
        test = self.test
        self.server_port = free_tcp_port()
        test.write("zabbix.conf", "\n".join("%s=%s" % each for each in {
            "AllowRoot": 1, "DBHost": "127.0.0.1", "DBPort": self.database_port, "DBName": "zabbix", "DBUser": "zabbix",
            "ListenIP": "127.0.0.1", "ListenPort": self.server_port, "PidFile": test.path("zabbix.pid"), "SocketDir": test.directory,
            "LogFile": test.path("zabbix.log"), "LogSlowQueries": 0, "CacheUpdateFrequency": 1, "StartPollers": 3, "StartPingers": 0,
            "StartPollersUnreachable": 1, "StartTrappers": 1, "StartDiscoverers": 0, "StartHTTPPollers": 0, "StartPreprocessors": 2,
            "StartLLDProcessors": 1, "StartDBSyncers": 1, "StartTimers": 1, "StartEscalators": 1, "HousekeepingFrequency": 0, "Timeout": 3,
        }.items()) + "\n")
        self.server = test.start(SERVER, "-f", "-c", test.path("zabbix.conf"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start_pages(self):
        test, pages = self.test, self.test.path("pages")
        # What its links lead to, too; a font that is not there is not missed.
        subprocess.run(["cp", "-rL", PAGES, pages], stderr=subprocess.DEVNULL)
        where = os.path.join(pages, "include", "classes", "core", "CConfigFile.php")
        with open(where) as file:
            text = file.read()
        assert "/etc/zabbix/zabbix.conf.php" in text, "the front end has its configuration elsewhere"
        with open(where, "w") as file:
            file.write(text.replace("/etc/zabbix/zabbix.conf.php", test.path("pages.conf.php")))
        test.write("pages.conf.php", "<?php\n$DB['TYPE']='POSTGRESQL';$DB['SERVER']='127.0.0.1';$DB['PORT']='%d';$DB['DATABASE']='zabbix';"
                   "$DB['USER']='zabbix';$DB['PASSWORD']='';$DB['SCHEMA']='';$DB['ENCRYPTION']=false;$DB['DOUBLE_IEEE754']=true;"
                   "$ZBX_SERVER='127.0.0.1';$ZBX_SERVER_PORT='%d';$ZBX_SERVER_NAME='t';$IMAGE_FORMAT_DEFAULT=IMAGE_FORMAT_PNG;\n"
                   % (self.database_port, self.server_port))
        address = "127.0.0.1:%d" % free_tcp_port()
        self.where = "http://" + address
        settings = [word for setting in ("post_max_size=16M", "max_execution_time=300", "max_input_time=300", "memory_limit=256M",
                                         "date.timezone=UTC") for word in ("-d", setting)]
        with open(test.path("pages.log"), "w") as log:
            self.pages = test.start("php", *settings, "-S", address, "-t", pages, stdout=log, stderr=log, cwd=pages,
                                    env=dict(os.environ, PHP_CLI_SERVER_WORKERS="4"), start_new_session=True)
        test.addCleanup(os.killpg, self.pages.pid, signal.SIGTERM)  # its workers, which it leaves behind
        wait_until(lambda: fetched(self.where + "/index.php"), "the front end")

    def call(self, method, **parameters):
        """Of the API."""
        asked = {"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1}
        if self.token:
            asked["auth"] = self.token
        request = urllib.request.Request(self.where + "/api_jsonrpc.php", json.dumps(asked).encode(),
                                         {"Content-Type": "application/json-rpc"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            text = answer.read().decode("utf-8", "replace")
        try:
            said = json.loads(text)
        except ValueError:
            raise AssertionError("%s: %s" % (method, text[-2000:])) from None
        if "error" in said:
            raise AssertionError("%s: %s" % (method, said["error"]))
        return said["result"]

    def take(self, text):
        """Imports a template."""
        rules = {name: {"createMissing": True, "updateExisting": True} for name in (
            "templates", "items", "discoveryRules", "triggers", "graphs", "valueMaps", "templateDashboards")}
        rules["groups"] = {"createMissing": True, "updateExisting": True}
        return self.call("configuration.import", format="yaml", source=text, rules=rules)

    def values(self, host):
        """{key: value} of the items that have one."""
        return {each["key_"]: each["lastvalue"] for each in
                self.call("item.get", hostids=host, output=["key_", "lastvalue", "lastclock"]) if each["lastclock"] != "0"}

    def unsupported(self, host):
        return {each["key_"]: each["error"] for each in self.call("item.get", hostids=host, output=["key_", "error"], filter={"state": 1})}

    def problems(self, host):
        """{name of the trigger: the event that it began with}"""
        return {each["name"]: each["eventid"] for each in self.call("problem.get", hostids=host)}
