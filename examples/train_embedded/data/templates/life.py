"""Calendars, bookings, travel, health, media, homes and other everyday texts."""

SOURCE = r"""
## ics event
BEGIN:VEVENT
[UID:{email=uid;event id;identifier}
|]DTSTART:{stamp=start;starts;begin;dtstart}
DTEND:{stamp=end;ends;finish;dtend}
SUMMARY:{title=summary;title;event;subject}
[LOCATION:{venue}
|][ORGANIZER;CN={person=organizer;organiser;host}:mailto:{email=organizer email;organiser email;host email}
|][STATUS:{enum(CONFIRMED|TENTATIVE|CANCELLED)=status;state}
|]END:VEVENT

## calendar-note event
{date} [{start_time}–{end_time}|{start_time} - {end_time}|{time=start time;starts at;time*}] {event}[ @ {venue}|][, room {room}|][ (with {list:first=attendees;participants;with;guests})|]

## calendar-prose event
[The|Our] [meeting|workshop|training|session] "{event}" [takes place|is held|will be] on {date} from {start_time} to {end_time} [in|at] {venue}[, {city}|]. [It costs {price}.|Entrance is free.|] [Registration|Sign up] [until {date=register until;registration deadline;sign up by}|] [at {email}|via {url=registration link;sign up link;register at}|].

## doctor-appointment appointment
[Your appointment|Appointment|Reminder: your visit] [with|at] {doctor} [is|:] on {date=appointment date;date*;visit day} at {time=appointment time;time*;starts at}. [Department: {word(Cardiology|Dental|Radiology|Surgery|Dermatology|Paediatrics|Orthopaedics)=department;clinic;specialty}. |][Please bring {list:noun=bring;things to bring;documents}. |][To cancel|Cancel] call {phone=cancel phone;phone;practice phone}[ before {date=cancel until;cancel by;latest cancellation}|].

## prescription prescription
[Rx|Prescription|Rezept]
[Patient|For]: {patient}[, born {birth_date}|]
{product=drug;medicine;medication} {unit(mg|ml|g)=dose;strength;dosage}, {int(1-4)=times per day;daily doses;per day} [times a day|x daily] for {int(3-60)=days;duration days;number of days} days
[Refills: {int(0-6)=refills;repeats}
|][Prescribed by|Doctor]: {doctor}, {date}

## lab-result result
[Lab report|Laboratory] {code=report number;report;lab number} – {patient}
@@results;values;tests;measurements@@{noun=test;parameter;analyte}: {measure=value;result;reading}[ ({say(normal/within range>normal|too high/elevated>high|too low/reduced>low)=flag;rating;assessment})|]
@@
[Sample taken|Drawn] {date=sample date;taken on;sample taken}

## hotel-booking booking
[Booking|Reservation] {code=booking number;confirmation number;reservation number;booking ref} [at|–] {company=hotel;hotel name;accommodation;property}, {city}
Guest: {person=guest;guest name;name}
[Check-in|Arrival]: {date=check in;arrival;from;arrival date} [from {time=check in time;arrival time}|]
[Check-out|Departure]: {date=check out;departure;until;departure date}
[Room|Type]: {word(double|single|suite|twin|family|studio)=room type;type of room;room}[, {int(1-6)=guests;adults;persons} [guests|adults]|]
[Breakfast|Breakfast included]: {bool=breakfast;breakfast included;with breakfast}
[Total|Price]: {price=total;price;total price}

## hotel-mail booking
[I would like to|We want to|I'd like to] book [a|one] {word(double|single|twin|family)=room type;room;type of room} room for {number=nights;number of nights} nights from {date=arrival;check in;arrival date;from} for {number=guests;persons;people;number of guests} people. [{flag(We bring a dog/There is a dog with us|We have no pets/No pets)=pets;has pets;dog}. |][My name is|The booking is for] {name}, [phone|call me at] {phone}.

## table-reservation booking
[A table for|Table for|Reserve a table for] {number=people;guests;party size;persons} [people|persons] on {date} at {time}[ under the name {last=name;booking name;reserved for;last name}|]. [{flag(We would like to sit outside/Outside please|We would like to sit inside/Inside please)=outside;outdoor;outdoor seating}. |][Phone|Tel] {phone}[. Allergies: {list:noun=allergies;intolerances}|].

## flight-ticket flight
[Flight|FLIGHT] {flight} [{company=airline;carrier;operated by}
|]
{from.city} ({from.time}) [->|→|to] {to.city} ({to.time})
Date {date=flight date;date*;travel date}[, gate {code=gate;departure gate}|][, seat {code=seat;seat number}|]
Passenger {person=passenger;passenger name;traveller}[, booking {code=booking reference;pnr;booking code}|]

## flight-status flight
Flight {flight} from {from.city} to {to.city} [is|has been] {say(delayed>delayed|cancelled>cancelled|on time>on_time|boarding now>boarding|diverted>diverted)=status;flight status;state}[. New departure|, now leaving at|. Expected at] {time=new departure;departs at;expected departure}[ from gate {code=new gate;gate}|].

## train train
{word(ICE|IC|TGV|RE|RJ|EC|TER)=train type;category;kind of train} {int(10-9999)=train number;number;train no} {from.city} {from.time} – {to.city} {to.time}[, platform {int(1-24)=platform;track}|][, coach {int(1-30)=coach;carriage;car}, seat {int(1-120)=seat;seat number;place}|][, {word(1st|2nd)=class;travel class} class|]. [Fare|Price|Ticket] {price}.

## taxi ride
[Ride|Trip|Taxi] on {date} at {time=pickup time;start time;time*}: {street=pickup;picked up at;start address;from street} [to|->|→] {city=dropoff;drop off;end;to city}, {unit(km|miles|mi)=distance;kilometres;length}, {unit(min|minutes)=duration;ride time;minutes}. [Driver|Your driver was] {first=driver;driver name} ({decimal=driver rating;rating;stars}). [Fare|Total|You paid] {money=fare;total;price;amount paid}.

## weather report
[Weather for|Forecast for|Tomorrow in] {city}[, {date}|]: {word(sunny|cloudy|rain|snow|fog|thunderstorms|windy|clear|showers)=condition;sky;weather;outlook}, [high|max|up to] {int(10-40)=high;max temperature;maximum;highest} °C, [low|min|down to] {int(0-9)=low;min temperature;minimum;lowest} °C[, wind {unit(km/h|kn|m/s)=wind;wind speed}|][, [chance of rain|rain] {percent=rain chance;precipitation;chance of rain}|].

## recipe recipe
{product=dish;recipe;title;name*}
[Serves|For|Makes] {int(1-12)=servings;portions;serves;persons}[, ready in|; takes|, time:] {unit(min|minutes)=cooking time;total time;minutes;ready in}
@@ingredients;shopping list;items@@[- |* |]{measure=amount;quantity;how much} {noun=ingredient;name;item}
@@
[Difficulty|Level]: {word(easy|medium|hard|simple|advanced)=difficulty;level}

## book book
{author}: {title=title;book title;name}. {city=place of publication;published in;place}: {publisher}, {year}.[ {pages} pages.|][ ISBN {isbn}.|][ {price}.|]

## citation paper
{list:person=authors;written by;author list} ({year}). {title=title;paper title;article}. [In |]{company=journal;published in;venue}, {int(1-90)=volume;vol}({int(1-12)=issue;number;no}), {int(1-400)=first page;from page;page start}–{int(401-900)=last page;to page;page end}.[ doi:{code=doi;identifier}|]

## film film
{title=title;film;movie title} ({year=year;released;release year}), [directed by|dir.|by] {person=director;directed by}[, starring {list:person=cast;actors;stars}|]. {unit(min|minutes)=runtime;length;duration}[, rated {decimal=rating;score;stars}/10|][, {word(drama|comedy|thriller|documentary|horror|western|animation)=genre;kind}|].

## song track
[Now playing|Track|Song]: {person=artist;performer;singer} - {title=title;song;track name} [({year})|][from the album|, album] {title=album;record;from album}[, {time=length;duration;playing time}|]

## concert event
{person=artist;act;performer} live [at|in] {company=venue;hall;location;club}, {city}
{date}[, doors {time=doors;doors open;admission}|], [start|show] {time=show time;start;show starts}
[Tickets|Entry]: {price=ticket price;entry;price}[ ({flag(sold out|tickets available)=sold out;no tickets left})|]

## house-ad listing
[For rent|For sale|To let]: {int(1-9)=rooms;number of rooms;room count} rooms, {unit(m²|sqm|sq ft)=area;size;living space;floor area}, {street} in {city}, {money=price;rent;asking price}[, [free|available] from {date=available from;free from;move in}|]. [{flag(With balcony/Has a balcony|No balcony/Without balcony)=balcony;has balcony}. |][{flag(Pets welcome/Pets allowed|No pets/Pets not allowed)=pets allowed;pets;pets ok}. |][Viewing|Contact|Call] {phone}[ ({first=contact;contact name;agent})|].

## used-car listing
{company=make;brand;manufacturer} {code=model;model name;type}, {year=year;first registration;built in}, {integer=mileage;kilometres;odometer} km, {word(petrol|diesel|electric|hybrid|LPG)=fuel;fuel type;engine}, {word(manual|automatic)=gearbox;transmission}, {colour}, {money=price;asking price;cost}. [{flag(Accident-free/No accidents|Has had an accident/Accident car)=accident free;no accidents}. |][{person=seller;owner;sold by}, |]{phone}

## classified listing
[Selling|For sale|I sell] [my|a|one] {product=item;article;for sale;object}, {word(new|used|like new|worn|defective|refurbished)=condition;state;quality}, {price=price;asking price;cost}[ ({flag(negotiable|fixed price)=negotiable;price negotiable;open to offers})|]. [Pick-up in|Pickup|Located in] {city}. [{first=seller;contact;name}, |]{phone}

## pet form
[Pet|Animal|Patient] {first=pet name;pet;name of animal}: {word(dog|cat|rabbit|horse|parrot|hamster|turtle)=species;animal;kind}, {word(male|female)=sex;gender}, {int(1-20)=age;years old;age years} [years|yrs], {unit(kg|g|lb)=weight;weighs;mass}. Owner: {person=owner;owner name;belongs to}, {phone}. [Chip {digits=chip;chip number;microchip}. |][Next vaccination|Vaccine due] {date=next vaccination;vaccination due;vaccine date}.

## school report
[Report|Certificate|Grades] [of|for] {person=pupil;student;student name}[, class {code=class;form;group}|][, {word(2021/22|2022/23|2023/24|2024/25|2019/20)=school year;term;period}|]
@@grades;subjects;marks@@{noun=subject;course;name}: {int(1-15)=grade;mark;points}
@@
[Days absent|Absences]: {int(0-40)=days absent;absences;missed days}
[Teacher|Class teacher]: {person=teacher;class teacher;form teacher}

## exam exam
[Exam|Test|Examination] in {noun=subject;course;exam subject} on {date=exam date;date*;day} at {time=start;exam time;begins}, room {code=room;hall;exam room}. [Duration|Time allowed]: {unit(minutes|min)=duration;minutes;time allowed}. [Maximum|Full marks]: {int(20-200)=max points;maximum score;full marks} points. [Aids: {list:noun=allowed aids;aids;permitted}.|] [Examiner: {person=examiner;teacher;supervisor}.|]

## match sport
{company=home team;home;first team} [vs|-|v] {company=away team;away;second team;guests} {int(0-9)=home goals;home score;goals home}:{int(0-9)=away goals;away score;goals away}[ ({int(0-3)=half time home;home goals at half time}:{int(0-3)=half time away;away goals at half time})|], {city=city;place;played in}, {date=match date;date*;played on}[, attendance {integer=attendance;spectators;visitors}|][, referee {person=referee;ref}|]

## workout log
{date} [Run|Ride|Swim|Training]: {unit(km|mi|miles)=distance;length;kilometres} in {unit(min|minutes)=duration;time;minutes}, [avg|average] [HR|heart rate|pulse] {int(90-190)=heart rate;average pulse;avg hr}[, {integer=calories;kcal;energy} kcal|][, felt {word(good|tired|great|weak|strong|okay)=feeling;mood;felt}|]

## parking ticket
[Parking ticket|Parkschein|P+R] {city}
[Zone|Area] {code=zone;area;parking zone}[, plate {code=plate;licence plate;car}|]
[Valid until|Paid until|End] {date=valid until date;end date;date*} {time=valid until;end time;until;time*}
[Fee|Paid|Price] {money=fee;price;paid;amount}

## insurance policy
[Policy|Insurance policy|Contract] {code=policy number;policy;contract number} – {word(car|home|health|travel|liability|life)=insurance type;type;kind of insurance} insurance
Insured: {person=insured;policy holder;insured person;holder}
[Premium|Price]: {money=premium;yearly premium;price} per [year|month]
[Excess|Deductible]: {money=deductible;excess;own share}
[Cover|Valid] from {date=start;valid from;cover from} to {date=end;valid until;cover until}

## claim claim
[Claim|Damage report] {code=claim number;claim;report number}: on {date=date of loss;accident date;happened on} at {time=time of loss;accident time;time*} in {city=place;place of accident;happened in}. {sentence=description;what happened;details} [Damage|Estimated damage]: {money=damage;estimated damage;claim amount}. [{flag(The police were called/Police informed|The police were not called/No police)=police;police called;police informed}.|] [Other party: {person=other party;opponent;second driver}.|]

## library-notice notice
[Dear {person=reader;member;borrower},|Dear reader,]
[please return|the following is due:|please bring back] {title=book;title;item;borrowed item} ([due|return by] {date=due date;return by;due}). [The fine is {money=fine;late fee;fee} per day.|] [Card|Reader number]: {digits=card number;reader number;member id}

## horoscope-noise note
[Remember|Note to self|Memo]: {sentence=note;memo;reminder} [({date})|({time=time*;when;at})] [Tel. {phone}|see {url=link;see;website}|]
"""
