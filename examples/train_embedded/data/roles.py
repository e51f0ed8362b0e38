"""What fields of everyday documents are called: a role is a kind of value with its usual names and descriptions.

Same notation as in templates (see `data.slots`): `generator=phrase;phrase;generic*//description`. A phrase with a
`*` names the role only while nothing else in the text could be meant.
"""

from __future__ import annotations

_TABLE = """
name | person=full name;person name;name*;person*;who*
first_name | first=first name;given name;forename
last_name | last=last name;family name;surname
email | email=email;email address;e-mail;mail address;mail*;contact email//address for electronic mail
phone | phone=phone;phone number;telephone;tel;telephone number;mobile;contact number
fax | phone=fax;fax number
street | street=street;street name;road
address | address=address;postal address;full address;mailing address
street_line | street_line=street address;address line;street and number;address*
house | house=house number;house no;street number
zip | zip=zip;postcode;postal code;zip code;plz
city | city=city;town;place*;location*
country | country=country;nation;country name
company | company=company;company name;organisation;organization;firm;employer;business
job | job=job title;position;role;occupation;profession
website | url=website;homepage;web site;url;web page;web address;site*;link*
username | user=username;user name;login;account name;user*;user id;handle
user | user=user;username;account;login name
order_no | code=order number;order no;order id;purchase order;po number;order ref;order*//number that identifies the order
invoice_no | code=invoice number;invoice no;invoice id;bill number;invoice*;inv no;number*;document number
customer_no | digits=customer number;customer id;client number;account number;customer no
tracking_no | code=tracking number;tracking code;tracking id;parcel number;shipment number;consignment no
ticket_no | code=ticket number;ticket id;case number;issue id;reference*;ticket*;request number
reference | code=reference;reference number;ref;your reference;ref no
order_date | date=order date;ordered on;date of order;purchase date;date*;ordered
invoice_date | date=invoice date;date of issue;issued;issue date;billed on;date*;issued on
due_date | date=due date;payable by;due;pay by;payment due;deadline;due on//last day for the payment
delivery_date | date=delivery date;delivered on;arrival date;expected delivery;date*;delivery day
ship_date | date=ship date;shipped on;dispatch date;shipping date;sent on;date*
birth_date | date=birth date;date of birth;birthday;born;dob
start_date | date=start date;starts on;start;from date;begins;valid from
end_date | date=end date;ends on;end;until;to date;valid until;expires
start_time | time=start time;begins at;start;from time
end_time | time=end time;ends at;end;until;to time
date | date=date*;day*;on*
time | time=time*;at*;hour*
total | money=total;total amount;grand total;amount due;sum;total price;to pay;amount*//all in all, tax included
subtotal | money=subtotal;net total;net amount;net;sum before tax
tax | money=tax;vat;tax amount;vat amount;sales tax
tax_rate | percent=tax rate;vat rate;vat percent;rate*
shipping_cost | money=shipping cost;shipping;delivery fee;postage;freight
discount | percent=discount;rebate;discount percent;reduction
price | money=price;unit price;cost;price*;amount*
currency | currency=currency;currency code
quantity | count=quantity;qty;count*;number of units;pieces;units
product | product=product;item;article;product name;item name;goods
sku | code=sku;article number;item number;product code;part number;item code
payment_method | enum(credit card|bank transfer|cash|paypal|direct debit|cheque)=payment method;paid by;payment;method of payment
status | enum(new|open|pending|in progress|done|closed|cancelled|on hold|rejected)=status;state;current status
priority | enum(low|medium|high|urgent|critical|normal)=priority;prio;urgency;severity
iban | iban=iban;bank account;account*;account no
bank | company=bank;bank name
subject | title=subject;title;topic;subject line;headline;summary*
message | sentence=message;text;body;comment;note;remark;content*
description | sentence=description;details;summary;about;text*
version | version=version;release;ver;version number
package | package=package;package name;name*;module;project
license | license=license;licence;license type
author | person=author;written by;creator;author name
maintainer | person=maintainer;maintained by;package owner
size | measure=size;file size;volume
checksum | hex=checksum;hash;digest;sha
commit | hex=commit;commit hash;revision;sha;commit id
branch | package=branch;branch name;git branch
path | path=path;file path;file;location*;directory
file | file=file;file name;filename;document;attachment
host | host=host;hostname;server;machine;node
ip | ip=ip;ip address;address*;client ip;remote address;source ip
port | int(20-65000)=port;port number;tcp port
pid | int(1-64000)=pid;process id;process number
level | enum(debug|info|warning|error|critical|notice|trace|fatal)=level;log level;severity;loglevel
timestamp | stamp=timestamp;time;logged at;date time;when;event time;created at
service | package=service;component;module;unit;application;app;logger
duration_ms | unit(ms|ms|milliseconds)=duration;duration ms;took;elapsed;response time;latency
http_status | int(200-504)=status code;http status;response code;code*;status*
method | enum(GET|POST|PUT|DELETE|PATCH|HEAD)=method;http method;verb
request_id | uuid=request id;trace id;correlation id;session id;id*
error_code | code=error code;error;code*;fault code
mime | mime=content type;mime type;media type;type*
agent | agent=user agent;agent;browser;client*
language | language=language;lang;spoken language
tz | tz=time zone;timezone;tz
colour | colour=colour;color;shade
weight | measure=weight;net weight;gross weight;mass
room | code=room;room number;hall;room no
seat | code=seat;seat number;place*
gate | code=gate;departure gate;gate number
flight | code=flight;flight number;flight no
event | title=event;event name;title;occasion;meeting;name*
venue | company=venue;place;location;where
people | number=people;guests;attendees;party size;number of people;participants;persons
duration_min | unit(min|minutes|mins)=duration;duration minutes;length;minutes;lasts;how long
salary | money=salary;pay;compensation;annual salary;wage
department | word(Sales|Marketing|Finance|Engineering|Support|Logistics|Legal|Purchasing|Research|Operations|IT|HR)=department;dept;team;unit;division
doctor | person=doctor;physician;practitioner;doctor name
patient | person=patient;patient name;name of patient
enabled | bool=enabled;active;on;is enabled;is active
temperature | unit(°C|°F|K|degrees)=temperature;temp;reading;measured temperature
humidity | percent=humidity;rel humidity;relative humidity;moisture
sensor | code=sensor;sensor id;device;probe;device id
serial | code=serial number;serial no;serial;sn
model | code=model;model number;type*;model name
balance | money=balance;account balance;current balance;new balance
rating | decimal=rating;score;stars;average rating
year | year=year;year of publication;published;yr
isbn | digits=isbn;isbn number
pages | int(12-1400)=pages;page count;number of pages
publisher | company=publisher;published by;publishing house
vendor_name | company=vendor;supplier;seller;merchant;vendor name;shop;issuer;sold by
carrier | company=carrier;courier;shipping company;forwarder;delivered by
tags | noun=tag
"""
ROLES: dict[str, str] = {}
for _line in _TABLE.strip().splitlines():
    _name, _, _spec = _line.partition(" | ")
    ROLES[_name.strip()] = _spec.strip()

GROUPS: dict[str, tuple[str, ...]] = {
    "buyer": ("buyer", "customer", "client", "bill to", "purchaser"),
    "seller": ("seller", "vendor", "supplier", "issuer", "merchant"),
    "ship": ("shipping", "delivery", "ship to", "recipient", "deliver to"),
    "bill": ("billing", "invoice", "bill to"),
    "from": ("from", "sender", "origin", "source", "departure"),
    "to": ("to", "destination", "recipient", "target", "arrival"),
    "contact": ("contact", "contact person"),
    "host": ("host", "organiser", "organizer"),
    "reporter": ("reporter", "reported by", "requester", "opened by"),
    "assignee": ("assignee", "assigned to", "agent", "handled by"),
    "author": ("author", "creator", "written by"),
    "office": ("office", "company", "headquarters"),
    "home": ("home", "private"),
    "work": ("work", "office", "business"),
    "emergency": ("emergency", "emergency contact", "next of kin"),
    "maintainer": ("maintainer", "maintained by", "packager"),
    "old": ("old", "previous", "former", "before"),
    "new": ("new", "current", "next", "after"),
    "client": ("client", "remote", "peer"),
    "server": ("server", "local", "backend"),
    "first": ("first", "outbound"),
    "second": ("second", "return", "inbound"),
}

# Kinds of record-like documents: a noun, its headings, and the roles its rows are drawn from.
ENTITIES: dict[str, tuple[str, str]] = {
    "invoice": (
        "Invoice|INVOICE|Tax invoice|Bill|Rechnung",
        "invoice_no invoice_date due_date seller.company buyer.name buyer.company total subtotal tax tax_rate currency iban payment_method reference customer_no",
    ),
    "order": (
        "Order|Order confirmation|Purchase order|Your order",
        "order_no order_date delivery_date buyer.name buyer.email ship.address product quantity price shipping_cost total payment_method status discount",
    ),
    "receipt": (
        "Receipt|RECEIPT|Kassenbon|Sales receipt",
        "vendor_name date time total tax tax_rate payment_method reference product quantity price currency",
    ),
    "contact": (
        "Contact|Address card|Visitor|Profile|",
        "name company job email phone fax street_line zip city country website birth_date",
    ),
    "employee": (
        "Employee record|Staff|Personnel file|HR record",
        "first_name last_name birth_date department job salary start_date email phone username office.city enabled language",
    ),
    "package": (
        "Package|Package info||Module",
        "package version license author maintainer email website size description checksum date path",
    ),
    "server": ("Host|Server|Machine|Inventory|", "host ip port service version enabled user path pid timestamp tz"),
    "request": (
        "Request|Access|HTTP|",
        "timestamp method path http_status ip agent duration_ms request_id host user mime",
    ),
    "logline": ("|Event|Alert|Log entry", "timestamp level host service pid message error_code user ip request_id"),
    "shipment": (
        "Shipment|Delivery note|Parcel|Waybill",
        "tracking_no carrier ship_date delivery_date from.city to.city from.name to.name weight status quantity to.street to.zip to.country",
    ),
    "meeting": (
        "Meeting|Invitation|Event|Calendar",
        "event date start_time end_time venue room host.name host.email people duration_min status tz",
    ),
    "booking": (
        "Booking|Reservation|Reservation details",
        "reference name email phone start_date end_date people room price total status vendor_name",
    ),
    "flight": (
        "Boarding pass|Itinerary|Flight|E-ticket",
        "name flight date from.city to.city start_time end_time seat gate reference price",
    ),
    "ticket": (
        "Ticket|Issue|Support case|Bug",
        "ticket_no subject reporter.name reporter.email assignee.name priority status order_date version description host",
    ),
    "sensor": (
        "Sensor|Reading|Measurement|Station",
        "sensor timestamp temperature humidity model serial status city enabled",
    ),
    "product": (
        "Product|Data sheet|Article|Catalogue",
        "product sku price currency colour weight rating quantity description vendor_name enabled model",
    ),
    "book": ("Book|Catalogue entry|Library|", "subject author publisher year isbn pages language price city rating"),
    "bank": (
        "Transaction|Bank statement|Transfer|Payment",
        "date order_no from.name to.name iban total balance reference message bank currency",
    ),
    "patient": (
        "Patient|Appointment|Referral|Clinic",
        "patient birth_date doctor date time room phone department reference message",
    ),
    "file": ("File|File info|Metadata|", "file path size checksum mime author date version language"),
    "commit": ("Commit|Revision|Change|", "commit author.name author.email date branch message version file"),
    "job": (
        "Job|Vacancy|Position|Opening",
        "job company city salary start_date department contact.name contact.email reference website",
    ),
    "account": (
        "Account|Customer|Membership|Subscription",
        "customer_no name email phone birth_date start_date end_date status balance street zip city country language enabled",
    ),
    "device": (
        "Device|Asset|Warranty|Inventory",
        "product model serial order_date price vendor_name department user room status mac_addr end_date",
    ),
}
ROLES["mac_addr"] = "mac=mac;mac address;hardware address;ethernet address"
