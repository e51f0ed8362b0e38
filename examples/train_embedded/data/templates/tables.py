"""Texts that are mostly rows: line items, rosters, timetables, result lists."""

SOURCE = r"""
## packing list
[Packing list|Contents|Inhalt] [of|for] [parcel|box|shipment] {code=parcel;box;shipment number;box number}
@@contents;items;goods;packed items@@[{count=quantity;pieces;qty}x |{count=quantity;pieces;qty} ]{product=item;article;name}[, {measure=weight;mass}|]
@@
[Packed by|Checked by] {first=packed by;packer;checked by}[ on {date=packed on;date*;packing date}|]

## csv-orders list
[order|order_id];[customer|client];[date|ordered];[sum|total]
@@orders;rows;entries;records@@{code=order;order id;order number};{person=customer;client;buyer};{date=date;ordered;order date};{amount=sum;total;amount}
@@

## csv-users list
id,[name|full_name],[email|mail],[active|enabled]
@@users;accounts;members;rows@@{digits=id;user id;number},{person=name;full name;user},{email},{bool=active;enabled;is active}
@@

## md-hosts list
| host | ip | [role|purpose] |
|---|---|---|
@@hosts;servers;machines;nodes@@| {host=host;name;server} | {ip=ip;address;ip address} | {noun=role;purpose;function} |
@@

## roster list
[Shift plan|Roster|Duty plan] [{date=week of;date*;from date}|{city=site;place;location}]
@@shifts;duties;roster;plan@@{first=name;who;employee}: {time=from;start;begin}–{time=to;end;until}[ ({word(early|late|night|day)=shift;kind;type})|]
@@

## timetable list
[Departures|Timetable] {city=station;stop;from city}
@@departures;connections;trains;buses@@{time=time;departure;leaves at} {code=line;train;number} {city=destination;to;direction}[ [Gl.|plat.|track] {int(1-20)=platform;track}|]
@@
[As of {stamp=as of;updated;valid from}|]

## results list
[Results|Ranking|Final standings]: {title=event;race;competition;title}
@@results;ranking;places;standings@@{int(1-40)=rank;place;position}. {person=name;athlete;competitor} ({country=country;nation;from}) {decimal=points;score;result}
@@

## inventory list
[Inventory|Stock list|Count] [{date=counted on;date*;as of}|{city=warehouse;site;location}]
@@stock;items;inventory;articles@@{sku=sku;article;code} {product=name;article name;item}: {int(0-900)=stock;count;on hand}[ {word(pcs|boxes|kg|rolls|pallets)=unit;uom}|]
@@

## measurements list
[Measurements|Readings|Log] [of|for] [sensor |]{code=sensor;device;station;probe}
@@readings;values;measurements;samples@@{stamp=time;timestamp;at}[ -> | ; |, ]{decimal=value;reading;measured}
@@
[Mean|Average]: {decimal=mean;average;avg}

## menu list
{company=restaurant;place;venue} – [menu|lunch menu|today]
@@dishes;menu;meals;courses@@[* |- |]{product=dish;meal;name}[ .... |  | – ]{amount=price;cost}
@@
[Open|Hours] {time=opens;open from;opening time}–{time=closes;open until;closing time}

## agenda list
[Agenda|Programme|Schedule] – {event}[, {date}|]
@@agenda;programme;items;sessions@@{time=time;start;at} {title=topic;title;item}[ ({person=speaker;held by;presenter})|]
@@

## contacts list
@@contacts;people;entries;list@@{person=name;contact;person} | {phone=phone;tel;number} | {email=email;mail;address}
@@

## payments list
[Payments|Transactions|Account activity] [of|for] {iban=account;iban;account number}
@@payments;transactions;bookings;entries@@{date=date;booked;day} {company=payee;partner;name} {amount=amount;sum;value}
@@
[Closing balance|Balance]: {balance}

## files list
[{path=directory;folder;path}:
|]@@files;entries;listing;documents@@{file=name;file;file name}  {integer=size;bytes;length}  {date=modified;changed;date}
@@
[total {integer=total;total bytes;sum}|]

## dependencies list
[{package=project;package;name} [requires|depends on|needs]:
|]@@dependencies;requirements;packages;deps@@[- |  |]{package=name;package;library}[==|>=| ]{version=version;release;min version}
@@

## ticket-list list
[Open tickets|Backlog|Issues]:
@@tickets;issues;backlog;items@@[{code=id;key;ticket}|#{digits=id;number;ticket}] {title=title;summary;subject} [- |, |(]{first=assignee;owner;assigned to}
@@

## grades list
@@students;grades;results;pupils@@{last=last name;surname;family name}, {first=first name;given name;forename}: {int(1-100)=points;score;result}
@@
[Maximum|Out of] {int(100-200)=max points;maximum;out of}

## cart cart
[Your cart|Basket|Shopping cart] ([{int(1-9)=item count;items in cart;number of items} items|guest])
@@items;cart;products;articles@@{product=name;product;title} × {int(1-12)=quantity;qty;count} {money=price;unit price;cost}
@@
[Voucher {code=voucher;coupon;promo code}: -{percent=discount;voucher discount;off}
|]Total {total}

## processes list
PID USER [COMMAND|CMD]
@@processes;tasks;rows;list@@{int(1-32000)=pid;process id} {user=user;owner} {path=command;cmd;executable}
@@

## exchange list
[Exchange rates|Rates] [of|on] {date=date;rates of;as of}
@@rates;quotes;prices;values@@{word(EUR/USD|USD/JPY|GBP/EUR|CHF/EUR|EUR/PLN|USD/CAD|EUR/SEK)=pair;currencies;symbol} {decimal=rate;value;quote}
@@
"""
