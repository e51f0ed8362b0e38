"""Log lines, alerts, sensor readings and machine output."""

SOURCE = r"""
## app-log log
{timestamp} [\[{level}\]|{level}|{level}:|<{level}>] [\[{service}\]|{service}|{service}:|({service})] {message}[ (code {error_code})|][ after {duration_ms}|][ user={user}|]

## access-log request
{client.ip} - [{user}|-] \[{timestamp}\] "{method} {path=path;url;request path;resource} HTTP/1.1" {http_status} {integer=bytes;size;response size;bytes sent}[ "{url=referrer;referer;ref url}"|][ "{agent}"|]

## syslog log
[<{int(0-191)=facility;pri;syslog priority}>|]{timestamp} {host} {service}\[{pid}\]: {message}

## sshd log
{timestamp} {host} sshd\[{pid}\]: [{say(Accepted password>accepted|Failed password>failed|Accepted publickey>accepted|Connection closed>closed)=result;outcome;login result}] for [invalid user |]{user} from {ip} port {port}[ ssh2|]

## java-log log
{timestamp} {level}  \[{word(main|worker-1|http-nio-8080-exec-3|scheduler-2|pool-1-thread-7)=thread;thread name}\] {package=logger;class;source;component} - {title=message;text;msg}[: {measure=value;reading;amount}|]

## json-log log
\{"[ts|time|timestamp|@timestamp]":"{timestamp}","[level|lvl|severity]":"{level}","[msg|message|event]":"{title=message;msg;event text}","[host|node|server]":"{host}"[,"[pid|process]":{pid}|][,"[trace|request_id|rid]":"{request_id}"|]\}

## kernel log
\[{decimal=uptime;seconds since boot;kernel time}\] {word(usb|eth0|sda|nvme0n1|wlan0|ata1|pci)=device;subsystem;unit}: {title=message;text;event}[, vendor={hex=vendor;vendor id}|][, speed {measure=speed;link speed}|]

## alert-mail alert
[\[ALERT\]|\[{say(FIRING>firing|RESOLVED>resolved)=state;alert state;alert status}\]|ALARM] {title=alert;alert name;check;rule}
[Host|Instance|Server]: {host}[ ({ip})|]
[Severity|Level]: {enum(info|warning|critical|page)=severity;level;alert level}
[Value|Current]: {measure=value;current value;reading} [(threshold {measure=threshold;limit;max allowed})|]
[Since|Started|Fired at]: {timestamp}
[Runbook|Docs]: {url=runbook;docs;help url;link}

## backup log
[Backup|Snapshot|Dump] [of|for] {package=database;db;dataset;source} [finished|completed|done] at {stamp=finished at;completed;end time}: {integer=files;file count;objects} files, {measure=size;total size;archive size} in {duration_min}[, {count=errors;error count;failed} errors|]. [Stored in|Target|Written to] {path=target;stored in;destination;archive path}[ (sha {hex=checksum;sha;hash})|]

## cron log
{timestamp} CRON\[{pid}\]: ({user}) CMD ({path=command;cmd;script})[ exit {int(0-127)=exit code;return code;rc}|]

## deploy log
[Deploying|Deploy|Rolling out] {package=service;app;application} {old.version} -> {new.version} [to|on] {host=target;host;cluster}
[started {stamp=started;start;begin time}
|]finished {stamp=finished;end;done at}[ ({unit(s|sec|seconds)=duration;seconds;took})|]
[status|result]: {say(success>ok|succeeded>ok|rolled back>rollback|failed>error)=result;status;outcome}

## test-report report
[=+|---] {int(1-900)=passed;tests passed;passes} passed, {int(0-40)=failed;tests failed;failures} failed[, {int(0-60)=skipped;tests skipped} skipped|] in {unit(s|seconds)=duration;time;seconds;run time}
[platform|os]: {word(linux|darwin|win32|freebsd|linux-aarch64)=platform;os;system} -- [Python |]{version=version;runtime version;interpreter}
[slowest: {path=slowest test;slowest;slow test}|]

## traceback log
Traceback (most recent call last):
  File "{path=file;source file;module path}", line {int(1-2500)=line;line number;lineno}, in {package=function;in function;where}
{word(ValueError|KeyError|TypeError|IOError|RuntimeError|TimeoutError|ConnectionError|ZeroDivisionError)=exception;error type;exception class}: {title=message;error message;text}

## sensor-line reading
{sensor} @ {timestamp}: [temp|T|temperature] {temperature}, [hum|RH|humidity] {humidity}[, [bat|battery|power] {percent=battery;battery level;charge}|][, [p|pressure] {unit(hPa|mbar)=pressure;air pressure;barometer}|]

## sensor-prose reading
[At {time}|On {date} at {time}] the [sensor|probe|station] {sensor} in {city} [measured|recorded|reported] {temperature=temperature;temp;measured value;reading}[ and a humidity of {humidity}|]. [The battery is at {percent=battery;battery level;charge}.|] [{flag(The alarm was triggered/An alarm went off|No alarm was raised/The alarm stayed quiet)=alarm;alarm raised;triggered}.|]

## gps position
{timestamp} [lat|latitude] {decimal=latitude;lat} [lon|lng|longitude] {decimal=longitude;lon;lng} [alt {unit(m|ft)=altitude;alt;elevation}|][ speed {unit(km/h|kn|mph)=speed;velocity}|][ sats {int(3-24)=satellites;sats;satellite count}|]

## meter reading
[Meter|Meter no.|Counter] {digits=meter number;meter id;meter no}: {integer=reading;counter;meter reading} [kWh|m³|MWh] on {date=reading date;read on;date*}[, previous {integer=previous reading;last reading;old reading} on {date=previous date;last read on}|][, read by {person=reader;read by;technician}|]

## http-request request
{method} {path=path;resource;request uri} HTTP/1.1
Host: {domain=host;server name;domain}
User-Agent: {agent}
[Accept: {mime=accept;accepted type}
|][Content-Type: {mime=content type;body type}
|][Content-Length: {integer=content length;length;body size}
|][X-Request-ID: {request_id}
|][Authorization: Bearer {hex=token;bearer token;auth token}|]

## http-response response
HTTP/1.1 {http_status} {word(OK|Not Found|Forbidden|Created|Bad Gateway|Moved Permanently)=reason;reason phrase;status text}
Date: {stamp=date;response date;sent at}
Server: {word(nginx|Apache|caddy|envoy|gunicorn)=server;software;server software}[/{version}|]
Content-Type: {mime=content type;type;mime}
[ETag: "{hex=etag;entity tag}"
|][Last-Modified: {~stamp}
|]Content-Length: {integer=content length;length;size}

## git-log commit
commit {hex=commit;commit hash;sha;revision}
Author: {author.name} <{author.email}>
Date:   {stamp=date;commit date;committed at}

    {title=message;commit message;summary;subject}
[
    Fixes #{digits=fixes;issue;closes;issue number}|]

## git-stat commit
{hex=commit;sha} {title=subject;summary;message} ({author.name}, {date=date*;committed;commit date})
 {path=file;changed file;path} | {int(1-400)=changes;lines changed;changed lines} [+++--|++|---]
 {int(1-60)=files changed;files;file count} files changed, {int(1-900)=insertions;added;lines added} insertions(+), {int(0-700)=deletions;removed;lines removed} deletions(-)

## ping result
PING {domain=host;target;domain} ({ip}): {int(32-128)=bytes;packet size;data bytes} data bytes
{int(1-20)=transmitted;packets sent;sent} packets transmitted, {int(0-20)=received;packets received} received, {percent=loss;packet loss;lost}
[round-trip min/avg/max = {decimal=min;minimum;min ms}/{decimal=avg;average;avg ms}/{decimal=max;maximum;max ms} ms|]

## disk system
Filesystem {path=device;filesystem;partition} mounted on {path=mount point;mounted on;mount}: {measure=size;total;capacity} total, {measure=used;used space} used ({percent=use percent;used percent;usage}), {measure=free;available;free space} free

## process system
{user} {pid} {decimal=cpu;cpu percent;cpu usage} {decimal=memory;mem;memory percent} {time=started;start time;since} {path=command;cmd;executable}

## audit log
{timestamp} [user|actor|by] {user} ({ip}) {enum(created|deleted|updated|viewed|exported|approved)=action;operation;event} {word(invoice|account|role|file|project|key|report)=object type;target type;resource kind} {code=object id;target id;resource id}[ from {word(web|mobile|api|cli|desktop)=channel;via;client type}|][: {say(allowed>allow|denied>deny|permitted>allow|refused>deny)=decision;verdict;access}|]

## python-log log
{timestamp} - {package=logger;logger name;module;source} - {level} - {message}[ \[{code=code;error code;event id}\]|]

## nginx-error log
{stamp=time;timestamp;logged at} \[{level}\] {pid}#{int(0-9)=thread;tid}: *{digits=connection;connection id} {title=message;error;text}, client: {ip=client;client ip;remote address}, server: {domain=server;server name}[, request: "{method} {path=path;uri;request path}"|][, upstream: "{url=upstream;backend url}"|]

## postgres log
{stamp=time;timestamp;logged at} \[{pid}\] {user}@{package=database;db;db name} {enum(LOG|ERROR|WARNING|FATAL|STATEMENT)=level;severity;kind}:  {title=message;text;statement}[ ({unit(ms)=duration;took;elapsed})|]

## bracket-log log
\[{timestamp}\] \[{level}\] [\[{host}\] |][\[{word(main|worker-2|io-1|pool-7|timer)=thread;thread name}\] |]{message}

## short-log log
[{time=time;at;clock} |{timestamp} ][{level}: |{level}/{package=tag;component;module}: |<{level}> ]{title=message;text;msg}[ \[{path=file;source file}:{int(1-3000)=line;line number}\]|]

## pairs-log log
time={timestamp} level={level} [svc={service} |]msg="{title=message;msg;text}" [user={user} |][ip={ip} |][took={unit(ms|s)=took;duration;elapsed} |][status={http_status}|]

## docker-log log
{package=container;container name;service}[_1|-1|] | {timestamp} {level} {message}

## windows-event log
[Log Name|Log]: {word(System|Application|Security|Setup)=log name;log;channel}
Source: {package=source;provider;origin}
Date: {stamp=date;logged;time}
Event ID: {int(1-9999)=event id;event number;id}
Level: {enum(Information|Warning|Error|Critical)=level;severity}
[User: {user}
|][Computer: {host=computer;machine;host}
|]Description: {sentence=description;message;text}

## journal log
{timestamp} {host} {package=unit;service;daemon}\[{pid}\]: [{say(Started>started|Stopped>stopped|Failed to start>failed|Reloading>reloading)=action;event;what happened} |]{title=message;description;text}

## login-mail alert
[New sign-in|New login|Login] [to|for] your account {user=user;account;login} [from|at] {ip=ip;ip address}[, {city=city;location;near}|] on {stamp=time;login time;signed in at}[ with {agent=browser;agent;user agent}|]. [{flag(Two-factor was used/With second factor|Two-factor was not used/Without second factor)=two factor;second factor;mfa}.|]

## build-log report
[Build|Pipeline|Job] #{digits=build;build number;number;job id} [of|for] {package=project;repository;repo} on {branch=branch;git branch;ref}: {say(passed/succeeded>success|failed/broke>failure|was cancelled/aborted>cancelled)=result;status;outcome} [after|in] {unit(s|sec|min)=duration;took;time}[. Commit {hex=commit;sha;revision} by {person=author;committer;commit author}|].
"""
