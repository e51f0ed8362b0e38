"""Contact cards, addresses, CVs, job ads, forms about people."""

SOURCE = r"""
## vcard contact
BEGIN:VCARD
VERSION:{word(3.0|4.0|2.1)=vcard version;card version}
N:{last_name};{first_name};;;
FN:{person=full name;formatted name;display name}
[ORG:{company}
|][TITLE:{job}
|][TEL;TYPE={word(WORK|CELL|HOME)=phone type;type of phone}:{phone}
|][EMAIL:{email}
|][ADR:;;{street};{city};;{zip};{country}
|][BDAY:{birth_date}
|]END:VCARD

## signature contact
[-- |Best regards,|Kind regards|Cheers,]
{name}
[{job}[, {department}|]
|]{company}[ | {street} {house} | {zip} {city}|]
[T|Tel.|Phone|P:] {phone}[
[M|Mobile|Cell] {phone=mobile;mobile phone;cell;handy}|]
{email}[ | {website}|]

## address-block address
{name}
[{company}
|]{street} {house}
{zip} {city}
[{country}|]

## address-inline address
{name}, {street} {house}, {zip} {city}[, {country}|]

## address-us address
{name}
{house} {street}[, [Apt|Suite|Unit] {code=apartment;unit;apt;suite}|]
{city}, {word(CA|NY|TX|FL|WA|IL|OH|GA|CO|MA|OR|AZ|NV)=state;us state;state code} {zip}

## card-prose contact
[You can reach|Contact|Get in touch with] {name}[, {job} at {company},|] [by phone at|on|by calling] {phone} [or|and] [by e-mail at|via] {email}. [The office is in {city}|The address is {street} {house}, {zip} {city}]. [Office hours are|Available] {time=from;opens;available from} to {time=to;closes;available until}.

## bio person
{name} [was born|born] [on {birth_date} |]in {city=birthplace;born in;place of birth}[, {country}|]. [She|He|They] [studied|read] {noun=subject;studied;field of study} [and works|and has worked] as {job} [at|for] {company}[ since {year=since;working since;employed since}|]. [Hobbies|In the spare time]: {list:noun=hobbies;interests;likes}.

## job-ad job
{company} [is looking for|seeks|is hiring|needs] [a|an|its next] {job} [in|for our office in|based in] {city}. [The contract is {word(permanent|temporary|freelance|part-time|full-time)=contract;contract type;employment type}. |][We offer|Salary]: {salary=salary;pay;wage}[ per year|]. [You bring {int(1-12)=years of experience;experience;min years} years of experience[ and speak {list:language=languages;spoken languages;language skills}|]. |][{flag(Remote work is possible/Fully remote|On site only/No remote work)=remote;remote possible;home office}. |][Apply by|Deadline:] {date=apply by;application deadline;closing date} [to|at] {email}.

## job-ad-list job
[Position|Job|Title]: {job}
[Employer|Company]: {company}
[Location|City]: {city}[ ({say(from home/fully remote>remote|in the office/on site>onsite|partly from home/hybrid>hybrid)=work mode;mode;workplace}|]
[Start]: {start_date}
[Requirements|Skills|We expect]:
{lines:title=requirements;skills;expectations}
[Contact]: {contact.name}, {contact.phone}

## cv person
[CV|Curriculum vitae|Résumé]
{name}
[born|*] {birth_date} | {email} | {phone}
[Experience|Work]
@@jobs;experience;positions;work history@@{year=from;start year;since} - {year=to;end year;until}: {job}, {company}
@@
[Languages|I speak]: {list:language=languages;spoken languages;speaks}

## registration form
[REGISTRATION|Sign-up form|Application]
First name: {first_name}
Last name: {last_name}
Date of birth: {birth_date}
E-mail: {email}
[Newsletter: {bool=newsletter;wants newsletter;subscribe newsletter}
|][Terms accepted: {bool=terms accepted;accepted terms;agrees}
|][T-shirt size: {word(S|M|L|XL|XXL|XS)=shirt size;size;t shirt}
|][Emergency contact: {emergency.name}, {emergency.phone}|]

## emergency form
[In case of emergency|Emergency card]
[Name|Patient]: {patient}
[Blood group|Blood type]: {word(A+|A-|B+|B-|0+|0-|AB+|AB-)=blood group;blood type}
[Allergies]: {list:noun=allergies;allergic to;intolerances}
[Call|Notify]: {emergency.name} ({word(wife|husband|mother|father|sister|brother|son|daughter|friend|partner)=relation;relationship;kinship}), {emergency.phone}
[Doctor]: {doctor}[, {city}|]

## directory contact
@@people;contacts;entries;staff@@{person=name;full name;person}[, {job}|], [room {code=room;office;room number}|ext. {digits=extension;ext;internal number}], {email}
@@

## team team
[Our team|The team|Staff] at {company}:
@@members;team;people;staff@@[- |• |* ]{person=name;member;person} ({job})[ – {email}|]
@@
[Questions? Write to|Contact:] {email=contact;team email;general email}[ or call {phone}|].

## visitor log
[Visitor|Guest] {person=visitor;guest;visitor name} [from|of] {company} [arrived|checked in|came] at {time=arrival;checked in;time in} [and left at {time=departure;checked out;time out}|]. [Host|Visiting|To see]: {host.name}[, {department}|]. Badge {code=badge;badge number;pass}[, car {code=licence plate;plate;car}|].

## obituary person
{name} [died|passed away] on {date=date of death;died;death date} in {city=place of death;died in;city} at the age of {int(20-104)=age;aged;age at death}. [The funeral|The service] [is|takes place] on {date=funeral date;service date;funeral} at {time=funeral time;time*;service time}[ in {company=place;church;venue}|].

## wedding invitation
{first=bride;first partner;partner one} [and|&] {first=groom;second partner;partner two} [get married|are getting married|say yes] on {date=wedding date;date*;day} at {time=ceremony time;start;time*} in {city}. [Please answer by {date=rsvp by;answer until;reply by}. |][Gifts|Account]: {iban=gift account;account;iban}.

## driver-licence licence
1. {last_name}  2. {first_name}
3. {birth_date=birth date;date of birth;born} {city=birthplace;place of birth}
4a. {date=issued;issue date;valid from} 4b. {date=expires;expiry date;valid until} 4c. {company=authority;issued by;issuer}
5. {code=licence number;number;document number;licence no} 9. {word(A|B|BE|C|AM/B|A1/B|C1)=classes;class;category}

## business-register company
{company=company name;name;registered name;firm} ([reg. no.|HRB|company number] {digits=registration number;company number;reg no}), [registered office|seat]: {city=seat;registered office;city}, [founded|established|incorporated] {year=founded;year founded;established}. [Managing director|CEO|Director]: {person=director;ceo;managing director}. [Employees|Staff]: {integer=employees;staff;headcount}. [Revenue|Turnover]: {money=revenue;turnover;annual sales}.

## address-sentence contact
[My|Our|The] [new |][address|postal address] is {address=address;postal address;full address;where}[, valid from {date=valid from;from;since}|]. [You can still reach me|Call me] [at|on|under] {phone}[ or {email}|].

## address-lines address
[Ship to:
|Deliver to:
|Send to:
|To:
|]{name}
{street_line=street address;address line;street and number;address*}
{zip} {city}[
{country}|]

## package-leaf product
[Name|Product]: {product=name;product;title}
[Made by|Manufacturer|Producer]: {company=manufacturer;producer;made by}, {address=address;manufacturer address;place of business}
[Best before|Use by|Expires]: {date=best before;use by;expiry date}
[Batch|Lot]: {code=batch;lot;lot number}
[Net weight|Contents]: {measure=net weight;contents;weight}
"""
