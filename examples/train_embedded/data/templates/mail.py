"""Mails, chats, notes and letters in running text."""

SOURCE = r"""
## meeting-mail meeting
[Hi {to.name}|Hi all|Hello|Dear {to.name}],
[can we meet|let's meet|shall we meet|I suggest we meet] [on|] {date=meeting date;date*;meeting day} at {time=start time;meeting time;begins;time*} [in|at] [room {room}|{venue}]? [The topic is|It is about|Agenda:] {title=topic;subject;agenda;about}. [It takes about|Please plan|We need] {duration_min}. [{flag(Lunch will be provided/There will be lunch|Please bring your own lunch/No food is provided)=lunch provided;catering;food included}.|]
[Best|Thanks|Cheers|Regards],
{from.name}

## mail-headers mail
From: [{from.name} <{from.email}>|{from.email}]
To: [{to.name} <{to.email}>|{to.email}]
[Cc: {email=cc;copy to;carbon copy}
|]Date: {stamp=date;sent;sent at;date sent}
Subject: {subject}
[Message-ID: <{email=message id;msg id}>
|][X-Priority: {int(1-5)=priority;x priority;mail priority}
|]
{sentence=body;text;content;message}

## support-mail ticket
[Hello support,|Hi team,|Good day,]
[since {date=problem since;first seen;since} |][my|our] {product=product;device;affected item} [shows|keeps showing|stops with] error {error_code}. [I use version {version}. |][The serial number is {serial}. |][My|The] order was {order_no}. [{flag(It is urgent/This is urgent|It is not urgent/No hurry)=urgent;is urgent;high urgency}. |]Please [call me at {phone}|write to {email}|answer soon].
{person=customer;customer name;sender;reported by}[, {city}|]

## forward mail
[---------- Forwarded message ----------|-----Original Message-----|Begin forwarded message:]
From: {from.name}
[Sent|Date]: {date=sent;sent on;mail date} {time=sent at;time sent;mail time}
To: {to.name}
Subject: [Re: |Fwd: |]{subject}

[{~sentence}|{sentence=body;message text}]
[Attachment|Attached]: {list:file=attachments;files;attached files}

## out-of-office mail
[I am|I'm] [out of the office|away|on holiday|on leave] from {date=away from;absent from;first day away;start} [until|to|through] {date=back on;absent until;last day away;return}. [In urgent cases|For anything urgent] [please contact|write to|call] {contact.name}[ ({contact.email})|][ or {contact.phone}|]. [I have {flag(access to mail/limited mail access|no access to mail/no e-mail access)=reads mail;mail access;has email access}.|]
{person=sender;absent person;author;from}

## newsletter newsletter
{company=publisher;sender;organisation} [News|Newsletter|Weekly] [#|no. |issue ]{int(1-400)=issue;issue number;edition}
{date=published;issue date;date*}
[In this issue|Topics|Contents]:
{lines:title=topics;articles;headlines;contents}
[Unsubscribe|Opt out]: {url=unsubscribe link;unsubscribe url;opt out url}

## complaint letter
{from.name}
{from.street} {from.house}
{from.zip} {from.city}

{date=letter date;written on;date*}

[Re|Subject|Ref.]: {title=subject;matter;re}
[Dear Sir or Madam,|To whom it may concern,]
[on {date=incident date;date of incident;happened on} |]I [bought|ordered] {product} [for|at a price of] {price}. [It never arrived|It broke after a week|It does not work]. I [ask for|expect|demand] [a refund|my money back] [within {int(5-30)=days;deadline days;days to respond} days|].

## chat-order chat
[{time=sent at;message time;chat time} |]{first=sender;writer;asked by}: [can you bring|please get|we need|pls buy] {list:noun=shopping list;things to buy;items;goods}[ by {time=needed by;until;latest time}|]
{first=replied by;second speaker;answered by}: [sure|ok|will do][, {unit(minutes|min)=eta minutes;eta;arrives in}|]

## chat-incident chat
[#{package=channel;room;chat channel}
|]{user=reporter;first user;reported by} [{time}|]: {host=host;server;affected host} [is down|doesn't respond|is very slow]
{user=responder;second user;answered by}: [looks like|probably|I think it is] {title=cause;root cause;suspected reason}[, see {ticket_no}|]
[{user=third user;closed by}: fixed, [took {unit(min|minutes)=minutes;downtime;outage minutes}|deployed {version}]|]

## birthday invitation
[You are invited|Come|Join us]! [{first=host;who celebrates;celebrant} turns|We celebrate {first=celebrant;birthday person}, who turns] {int(3-90)=age;turns;years} on {date=party date;date*;day of the party}. [Start|We start|Doors open] at {time=start;start time;begins;time*} [at|in] {street=street;address;place;where} {house}, {city}. [RSVP|Please answer] [by {date=answer by;rsvp by;reply until}|] [to {phone}|to {email}|]. [Dress code: {word(casual|formal|white|costume|smart casual)=dress code;clothing;attire}.|]

## voicemail note
[Voicemail|Phone note|Missed call]: {person=caller;caller name;who called}[ ({company})|] called [at {time=call time;called at;time*}|on {date=call date;called on;date*}]. [Wants|Asks for|Needs] {title=request;wants;concern;matter}. [Call back|Please ring] {phone=callback number;call back;phone}[ before {~time}|]. [{flag(Urgent!/It is urgent|Not urgent/No rush)=urgent;is urgent}|]

## job-application mail
Dear [{to.name}|hiring team],
[I apply for|I am applying for|please consider me for] the position of {job=position;job title;applied for;role} (ref. {reference}). I have {number=years of experience;experience years;years} years of experience [at {company=current employer;employer;last company}|in {noun=field;domain;area}]. [My salary expectation is {salary}.|] [I can start|Available] [from|on] {date=available from;start date;earliest start}.
{from.name}, {from.phone}, {from.email}

## todo note
[To do|TODO|Tasks] [for {date=due date;day;date*}|{date=list date;date*}]:
@@tasks;todos;items@@[- \[ \] |- \[x\] |* |o ]{title=task;text;what}[ ({first=owner;assignee;who})|][ until {date=due;deadline;by}|]
@@

## minutes meeting
[Minutes|Meeting notes|Protocol] – {title=meeting;meeting title;subject}
[Date|When]: {date} [Time: {time=start;start time;began at}|]
[Present|Attendees|Participants]: {list:person=attendees;participants;present;people present}
[Absent: {list:first=absent;missing people;excused}
|][Chair|Led by]: {person=chair;chairperson;led by}
[Decision|Decided]: {sentence=decision;result;resolution}
[Next meeting|Next]: {date=next meeting;next date;next time}

## slack-deploy chat
:rocket: {user=deployer;deployed by;user} [deployed|released|shipped] {package=service;app;project;application} {version} to {word(production|staging|dev|prod-eu|canary|qa)=environment;env;stage;target}[ ({hex=commit;revision;sha})|][ in {unit(s|seconds)=duration;seconds;took}|]. [{flag(All checks passed/Tests green|Some checks failed/Tests red)=checks passed;tests passed;green}.|]

## introduction mail
[Let me introduce|Meet|Please meet|I'd like to introduce] {person=new colleague;person introduced;name;new hire}, [our new|who joins us as] {job=position;job title;role} [in {department}|]. [She|He|They] [comes|come|came] from {company=previous employer;former company;last employer} and [starts|start] on {date=start date;first day;starts on}. [Reach|Mail] [her|him|them] at {email}[, desk {code=desk;desk number;seat}|].

## survey form
[Customer survey|Feedback form|Survey] #{digits=survey id;form number;response id}
Name: [{person=name;respondent;participant}|anonymous]
[How satisfied are you|Satisfaction] (1-10)? {int(1-10)=satisfaction;score;satisfaction score}
[Would you recommend us|Recommend]? {bool=recommends;would recommend;recommend}
[Comment|Remarks]: {sentence=comment;remarks;feedback}

## lost-found note
[Found|Lost]: {product=item;object;thing;what} [on|] {date=found on;date*;day} [near|at|in] {street=place;where;street;location}[, {city}|]. [Colour {colour}. |][Reward|Finder's fee]: {money=reward;finders fee;reward amount}. [Contact|Call|Ask for] {first=contact;contact name;ask for}, {phone}.

## legal-notice letter
[File no.|Case|Our ref.] {code=file number;case number;our reference;docket}
{date=date of letter;letter date;date*}
[In the matter of|Re:] {person=claimant;plaintiff;first party} [./.|v.|vs.] {company=defendant;respondent;second party}
[The hearing is set for|The court date is|You are summoned for] {date=hearing date;court date;hearing} at {time=hearing time;court time;time*}, room {room}. [Claim value|Amount in dispute]: {money=claim;amount in dispute;claim value}.

## weekend-plan note
[Plan for|Plans for] {date=date*;day;trip day}: [leave|start] at {time=departure time;leave at;start time}, [drive|train|bike] from {from.city} to {to.city} ({unit(km|kilometres|miles)=distance;length of trip;how far}). [Bring {list:noun=things to bring;packing list;bring}.|] [Tickets are {money=ticket price;fare;price} each.|] [Back by {time=return time;back at;home by}.|]
"""
