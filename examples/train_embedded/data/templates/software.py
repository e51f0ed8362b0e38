"""Package metadata, changelogs, configuration and files."""

SOURCE = r"""
## rfc822-package package
Package: {package}
Version: {version}
[Architecture: {word(amd64|all|arm64|i386|riscv64|any)=architecture;arch;cpu}
|][Maintainer: {maintainer.name} <{maintainer.email}>
|][Installed-Size: {integer=installed size;size;size on disk}
|][Depends: {list:package=depends;dependencies;requires;needs}
|][Section: {word(utils|net|libs|python|devel|admin|text|graphics|sound|math)=section;category;group}
|][Priority: {enum(optional|required|important|extra|standard)=priority;prio}
|][Homepage: {website}
|]Description: {title=description;summary;short description}

## pkg-info package
Metadata-Version: {word(1.2|2.1|2.2|2.3)=metadata version;format version}
Name: {package}
Version: {version}
Summary: {title=summary;description;short description}
[Home-page: {website}
|][Author: {author}
|][Author-email: {email=author email;email;author mail}
|][License: {license}
|][Keywords: {list:noun=keywords;tags;topics}
|][Requires-Python: >={version=requires python;python;min python;required version}
|]

## package-json package
\{
  "name": "{package}",
  "version": "{version}",
  ["description": "{title=description;summary;about}",
  |]["author": "{author}",
  |]["license": "{license}",
  |]["homepage": "{website}",
  |]"[main|bin|module]": "{path=entry point;main file;main}"
\}

## toml-project package
\[project\]
name = "{package}"
version = "{version}"
[description = "{title=description;summary;about}"
|][license = "{license}"
|][requires-python = ">={version=requires python;min python;python version}"
|][authors = \[\{ name = "{author.name}", email = "{author.email}" \}\]
|][\[project.urls\]
Homepage = "{website}"|]

## rpm package
Name        : {package}
Version     : {version}
[Release     : {code=release;build;release tag}
|][Group       : {title=group;category;section}
|][License     : {license}
|][Size        : {integer=size;bytes;installed size}
|][Build Date  : {stamp=build date;built;built at}
|][Vendor      : {company=vendor;packaged by;distributor}
|][URL         : {website}
|]Summary     : {title=summary;short description;description}

## changelog-keep changelog
[## |# |### ]\[{version}\] - {date=release date;released;date*}
### {enum(Added|Changed|Fixed|Removed|Deprecated|Security)=section;kind of change;change type}
{lines:title=changes;entries;notes;items}

## changelog-plain changelog
[Version|Release|v.] {version} ([released|published] [on |]{date=release date;released on;date*}[ by {person=released by;release manager;author}|])
{lines:title=changes;changelog;entries;notes}

## release-mail release
[I'm happy to announce|We announce|We are pleased to release|Announcing] {package} {version}[, codename "{noun=codename;code name;release name}"|]. [It is available|Get it|Download it] [at|from] {website=download;download url;website}. [It fixes {int(1-90)=bugs fixed;fixes;fixed bugs} bugs[ and adds {int(1-20)=new features;features;added features} features|]. |][The checksum is|sha256:] {checksum}. [{flag(It breaks the old API/This is a breaking release|It is backwards compatible/No breaking changes)=breaking;breaking change;breaks api}.|]

## bug-report issue
[# |Title: |]{title=title;subject;summary}
[**Version**|Version|Affected version]: {version}
[**OS**|OS|Platform]: {word(Ubuntu 22.04|Windows 11|macOS 14|Debian 12|Fedora 39|Android 13|iOS 17|Arch)=os;operating system;platform}
[Severity|**Severity**]: {enum(minor|major|blocker|trivial|critical)=severity;impact;level}
[Steps|How to reproduce|Steps to reproduce]:
{lines:title=steps;steps to reproduce;reproduction}
[Reported by|Reporter] @{user=reporter;reported by;opened by}[ on {date=reported on;opened;created}|]

## issue-line issue
#{digits=issue;issue number;number;id} [\[{enum(bug|feature|question|docs|task)=label;type;kind}\] |]{title=title;subject;summary} [opened|created|filed] [on |]{date=opened;created on;date*} by {user=author;opened by;reporter}[ · {int(0-60)=comments;comment count;replies} comments|][ · {say(open>open|closed as completed>closed|merged>merged|draft>draft)=state;status;issue state}|]

## pull-request change
[Merge pull request|PR|MR] #{digits=number;pr number;merge request;pr} [from|:] {branch=branch;source branch;head}[ into {word(main|master|develop|release)=target branch;base;target}|]

{title=title;subject;summary}

[Reviewed-by: {person=reviewer;reviewed by;approver}
|][Signed-off-by: {author.name} <{author.email}>|]

## desktop-entry launcher
\[Desktop Entry\]
Type={word(Application|Link|Directory)=type;entry type;kind}
Name={product=name;application;app name}
[Comment={title=comment;description;tooltip}
|]Exec={path=exec;command;executable}
[Icon={package=icon;icon name}
|]Terminal={bool=terminal;runs in terminal;needs terminal}
[Categories={list:noun=categories;menu;groups}|]

## ini-db config
\[{word(database|db|mysql|postgres|redis)=section;block;section name}\]
host = {host}
port = {port}
[name|dbname|database] = {package=database;db name;database name}
user = {user}
[password = {hex=password;pwd;secret}
|][pool_size = {int(1-64)=pool size;connections;max connections}
|][ssl = {bool=ssl;tls;use ssl}
|][timeout = {unit(s|ms|sec)=timeout;wait;time limit}|]

## env-file config
[# {~title}
|]APP_NAME={package=app name;application;app}
APP_ENV={enum(production|staging|development|test)=environment;env;stage}
[DEBUG={bool=debug;debug mode;debugging}
|]DATABASE_URL={url=database url;db url;database}
[REDIS_HOST={host=redis host;redis;cache host}
|][LOG_LEVEL={level}
|][SECRET_KEY={hex=secret key;secret;key}
|]PORT={port}

## yaml-ci config
name: {title=name;workflow;pipeline name}
on: {word(push|pull_request|schedule|release)=trigger;on;event}
jobs:
  {package=job;job name;stage}:
    runs-on: {word(ubuntu-latest|ubuntu-22.04|windows-latest|macos-13|self-hosted)=runner;runs on;machine}
    [timeout-minutes: {int(5-120)=timeout minutes;timeout;max minutes}
    |]steps:
      - run: {path=command;run;script}

## dockerfile container
FROM {package=base image;image;from}:{version=base version;tag;image tag}
[LABEL maintainer="{email=maintainer;contact;maintainer email}"
|]WORKDIR {path=workdir;working directory;directory}
[ENV {word(LANG|TZ|MODE|STAGE)=variable;env name;env variable}={noun=value;env value}
|][EXPOSE {port}
|]CMD \["{path=command;entry point;cmd}"\]

## file-stat file
  File: {path}
  Size: {integer=size;bytes;file size}  [Blocks: {int(1-9000)=blocks;block count}|]
[Access: ({digits=mode;permissions;access})  Uid: ({int(0-3000)=uid;user id}/ {user=owner;owner name;belongs to})
|]Modify: {stamp=modified;mtime;last change;changed at}

## ls-line file
{word(-rw-r--r--|drwxr-xr-x|-rwxr-xr-x|-rw-------|lrwxrwxrwx)=permissions;mode;access rights} {int(1-20)=links;link count} {user=owner;user;owned by} {word(root|staff|users|wheel|www-data|adm)=group;group name} {integer=size;bytes;length} {date=modified;date*;changed} {file}

## exif file
{file} ({mime}[, {int(200-9000)=width;image width;w}x{int(200-9000)=height;image height;h}|])
[Taken|Shot|Captured] {stamp=taken at;shot on;capture time} [with|by camera] {product=camera;device;camera model}[, ISO {int(50-12800)=iso;sensitivity}|][, f/{decimal=aperture;f number;f stop}|]

## license-header file
# {file=file name;file;source file} - {title=description;purpose;about}
# Copyright (c) {year} {person=copyright holder;holder;author;owner}
# [SPDX-License-Identifier: |Licensed under ]{license}

## man-head manual
{package=command;name;program;tool}({int(1-8)=section;manual section}) - {title=description;summary;purpose}
[Version {version}[, {date=date*;updated;last revised}|]
|][Author: {author}
|][Report bugs to {email=bug reports;bug email;report bugs to}|]

## crontab schedule
# {title=job;task;comment;description}
{int(0-59)=minute;minutes;min} {int(0-23)=hour;hours;hr} * * {word(1|2|3|4|5|mon|tue|fri|\*)=weekday;day of week;dow} [{user} |]{path=command;script;cmd}

## dns record
{domain=name;domain;record name} {int(60-86400)=ttl;time to live} IN {enum(A|AAAA|CNAME|MX|TXT|NS)=type;record type;rr type} {ip=value;address;data;target}

## cert certificate
Subject: CN={domain=common name;subject;domain;cn}[, O={company=organisation;org;subject org}|]
Issuer: {company=issuer;ca;issued by}
[Serial Number: {hex=serial;serial number;sn}
|]Not Before: {stamp=not before;valid from;starts}
Not After : {stamp=not after;valid until;expires}

## api-doc endpoint
{method} {path=path;endpoint;route;resource}
{sentence=description;summary;what it does}
[Auth|Authentication]: {bool=auth required;needs auth;authentication}
[Rate limit|Limit]: {int(10-5000)=rate limit;requests per minute;limit} [requests/min|per minute]
[Returns|Response]: {mime=returns;response type;content type}[ since {version=since;available since;introduced in}|]
"""
