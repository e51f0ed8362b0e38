"""One-liners and short paragraphs with a few values each."""

SOURCE = r"""
## parcel-sentence shipment
The parcel {code=parcel;parcel number;parcel id;tracking number} left {from.city} on {date=departure date;left on;sent on;date*}[ and is expected in {to.city}|][ with {carrier}|].

## moved note
{person=person;who;name;resident} [moved|has moved] from {old.city} to {new.city} [in {year}|on {date=moved on;moving date;date*}][, new phone {phone}|].

## hired news
{company} [has hired|appoints|names] {person=new hire;appointed;person;name} as [its new|new] {job}[, effective {date=effective;start date;starts on}|]. [{~company} declined to comment.|]

## acquisition news
{company=buyer;acquirer;purchaser} [buys|acquires|takes over|has bought] {company=target;acquired company;bought company;seller} for {money=price;deal value;purchase price}[, the companies said on {date=announced;announced on;date*}|]. [The deal should close by {date=closing;closes by;expected closing}.|] [{company=target;acquired company;bought company;seller} has {integer=employees;staff;workers} employees[ in {city}|].|]

## quake news
[An earthquake|A quake] of magnitude {decimal=magnitude;strength} [hit|struck|shook] {city=place;city;near;location}, {country}, [on|] {date} at {time}. [The depth was|Depth:] {unit(km|miles)=depth;how deep}. [{int(0-900)=injured;people hurt;casualties} people were hurt.|]

## record news
[With|In] {decimal=time;result;seconds;winning time} seconds, {person=winner;athlete;champion} ({country}) won the {title=race;event;competition} [ahead of|before] {person=second;runner up;second place}[ on {date}|].

## price-change note
[The price of|Price for] {product} [rises|falls|goes|changes] from {old.price} to {new.price}[ on {date=effective date;from;valid from}|][ ({percent=change;change percent;difference})|].

## version-sentence release
{package} {version} [was released|came out|is out] on {date=release date;released on;date*}[ under the {license} license|][; it needs {package=dependency;requires;needs} {version=dependency version;minimum version;min version}|].

## outage note
[On|Since] {date=outage date;date*;day} {time=start;began at;since} [the service|service] {package=service;system;affected service} [was|is] [down|unavailable] for {unit(min|minutes|hours|h)=duration;downtime;lasted}[, caused by {title=cause;reason;root cause}|][. {integer=affected users;users affected;customers affected} users were affected|].

## password-mail mail
[Your|The] [code|PIN|one-time password] [for|at] {company=service;company;provider} is {digits=code;pin;one time code;otp}. [It expires|Valid] [in|for] {int(1-60)=minutes;expires in;valid minutes} minutes. [Never share it.|Request from {ip}.|]

## delivery-sms sms
[{company=sender;carrier;shop}: |]your [order|parcel] {code=order;parcel;order number;tracking} [arrives|will arrive|comes] {date=delivery date;arrives on;date*} between {time=from;earliest;window start} and {time=to;latest;window end}. [Driver|Courier]: {first=driver;courier;driver name}[, {phone}|].

## appointment-sms sms
[Reminder|Don't forget]: {title=appointment;event;subject;what} on {date} at {time}[ at {company=place;venue;where}|]. [Reply {word(YES|OK|1|C)=confirmation word;reply;confirm with} to confirm.|] [{phone=contact;phone;call}|]

## fact-person person
{person=name;full name;person}, {int(18-90)=age;years old}, [lives in {city}|from {city}], works as {job}[ at {company}|] and [owns|has] {number=pets;number of pets;animals} [dogs|cats|pets].

## specs product
{product=product;name;model}: {measure=size;length;width}, {measure=weight;mass;power}, {colour=colour;color}, [made of|material] {noun=material;made of}[, {unit(months|years)=warranty;guarantee} warranty|]. [{flag(In stock/Available now|Out of stock/Sold out)=in stock;available;availability}. |]{price}

## review review
{int(1-5)=stars;rating;score} [stars|out of 5|/5] – {title=title;headline;summary} [by|from] {first=reviewer;author;written by}[, {date=review date;date*;posted on}|][. {sentence=text;review;comment;body}|][ {int(0-90)=helpful;found helpful;helpful votes} people found this helpful.|][ {flag(Verified purchase|Not a verified purchase)=verified;verified purchase;is verified}|]

## route directions
[From|Leave] {street=start;from street;start street} [to|towards] {street=destination;to street;end street}: {unit(km|m|miles)=distance;length;total distance}, [about|ca.] {unit(min|minutes)=time;duration;travel time}. [Parking at {street=parking;park at;car park}.|]

## server-sentence server
[Server|Machine|Host|Node] {host=server;hostname;machine;name} ({ip}) runs {package=software;application;runs;service} {version} on port {port}[ since {date=since;running since;up since}|][, owner {user=owner;admin;responsible}|].

## quota note
[User|Account] {user=user;account;login} has used {measure=used;usage;used space} of {measure=quota;limit;allowance}[ ({percent=used percent;usage percent;share used})|]. [Next reset|Resets] on {date=reset date;resets on;next reset}.

## bet-numbers note
[Ticket|Lottery ticket|Coupon] {digits=ticket number;ticket;coupon}: numbers {list:count=numbers;picked numbers;tips}, draw on {date=draw date;draw;date*}[, stake {money=stake;price;bet}|].

## contact-sentence contact
[Ask|Call|Contact|Write to] {person=contact;contact person;name;person} ({phone=phone;tel;number}[, {email}|]) [about|for|regarding] {title=matter;topic;subject;about}.

## history history
[Founded|Built|Opened] in {year=founded;built in;year;opened}, {company=institution;name;house;organisation} in {city} [has|counts] {integer=visitors;members;visitors per year} [visitors|members] [a year|]. [Head|Director] is {person=director;head;led by}[ since {year=head since;director since;in office since}|].

## toggle-list settings
{noun=profile;name;profile name} [profile|settings]: wifi {bool=wifi;wlan}, bluetooth {bool=bluetooth;bt}, [brightness {percent=brightness;screen brightness}|volume {int(0-100)=volume;sound level}][, language {language}|][, theme {word(dark|light|auto|system)=theme;colour scheme}|].

## call-log call
[Call|Phone call] [with|from] {person=caller;called person;with;name} [on {date}|today] {time=time*;call time;at}, {unit(min|minutes)=duration;minutes;length}: {sentence=summary;notes;what was said} [{flag(Call back needed/Please call back|No call back needed/Done)=call back;callback needed;follow up}|]

## vote vote
[Motion|Proposal|Vote] {code=motion;proposal;number}: "{title=title;subject;text}" – {int(0-400)=yes;in favour;yes votes} in favour, {int(0-400)=no;against;no votes} against, {int(0-99)=abstentions;abstained}[ abstentions|, abstained]. [{say(Passed/Adopted/Accepted>passed|Rejected/Not adopted>rejected|Postponed/Deferred>postponed)=result;outcome;decision}.|]

## warranty device
{product=device;product;item} (s/n {code=serial number;serial;sn}) [bought|purchased] {date=purchase date;bought on;purchased} [at|from] {company=shop;dealer;seller;bought at}; warranty [ends|until] {date=warranty end;warranty until;warranty ends}[, {money=purchase price;price;paid}|].

## species note
{noun=name;species;common name} ([lat.|Latin] {noun=latin name;scientific name}) [grows|gets] up to {measure=max size;height;length} and [lives|is found] in {country=habitat;found in;country}. [{flag(It is protected/Protected species|It is not protected/Common species)=protected;is protected}.|]

## code-review change
{user=reviewer;reviewed by;from} [commented|left a comment|noted] on {path=file;path;file name}:{int(1-2000)=line;line number}: "{sentence=comment;text;remark}" [({say(please fix>changes_requested|looks good>approved|just a thought>comment)=verdict;decision;review state})|]
"""
