"""Invoices, receipts, orders, shipping and money."""

SOURCE = r"""
## invoice-letter invoice
{seller.company}
[{seller.street} {seller.house}, {seller.zip} {seller.city}|{seller.city}|{seller.email}|]

[INVOICE|Invoice|Tax Invoice] [No. |no |#|Nr. ]{invoice_no}
[Date|Issued|Invoice date]: {invoice_date}
[Due|Payable by|Payment due]: {due_date}

[To|Bill to|Customer]: {buyer.name}[, {buyer.company}|]

@@items;lines;positions;line items@@[{quantity} x {product}|{product}, {quantity} pcs|{quantity}  {product}][ @ | à |: |  ]{price}
@@
[Subtotal: {subtotal}
|][VAT {tax_rate}|Tax]: {tax}
[Total|TOTAL|Amount due|Grand total]: {total}
[Please pay to {iban}.|IBAN: {iban}|]

## invoice-mail invoice
[Dear {buyer.name},|Hello {buyer.name},|Hi,]

[please find attached|attached is|we send you] [our invoice|the invoice|invoice] {invoice_no} [dated|of|from] {invoice_date} [over|for the amount of|for] {total}. [It is payable|Payment is due|Please pay] [by|until|no later than] {due_date}[ to the account {iban}|]. [The delivery took place on {~date}.|]

[Kind regards|Best wishes|Yours],
{seller.name}
{seller.company}

## reminder reminder
[Subject: Payment reminder

|][Dear Sir or Madam,|Dear {buyer.name},]
[our records show that|we note that|it seems that] invoice {invoice_no} [over|of] {money=open amount;outstanding;amount due;invoice amount} [is still open|has not been paid|remains unpaid]. It was due on {due_date}. [Please transfer the amount|Kindly pay] [within {int(3-30)=days to pay;grace days;deadline days;term in days} days|by {date=new deadline;final date;pay until}][ plus a fee of {money=reminder fee;late fee;fee}|].
[{seller.company}|{seller.name}, {seller.company}]

## till-receipt receipt
{vendor_name}
[{street} {house}
|]{city}
[{phone}
|]
@@items;articles;goods;lines@@{product}[    |  |\t|..... ]{amount=price;amount;line total}
@@
[SUM|TOTAL|Total|Summe] [  |]{total}
[{payment_method}|Paid by {payment_method}]
{date} {time}
[Receipt|Bon|Slip] [no. |#]{digits=receipt number;receipt no;slip number;bon no}
[Thank you!|You were served by {first=cashier;served by;staff member}|]

## receipt-prose receipt
[I bought|We bought|Got] {product} [at|from] {vendor_name} [in {city} |]on {date=purchase date;bought on;date*} for {price}. [I paid|Paid] [with|by] {payment_method}. [The receipt number is {code=receipt number;receipt id;receipt no}.|][ It has a warranty of {unit(months|years)=warranty;warranty period;guarantee}.|]

## order-confirmation order
[Thank you for your order|Order confirmed|We received your order][!|.] {order_no}
[Placed|Ordered|Order date]: {order_date}

@@products;items;order lines;articles@@[- |* |][{product} ({sku})|{sku} {product}] [x {quantity}|qty {quantity}|– {quantity} units][ - | = |: ]{price}
@@
[Shipping|Delivery|Postage]: {shipping_cost}
[Total|You pay|Order total]: {total}
[Ship to|Deliver to|Delivery address]: {ship.name}, {ship.street} {ship.house}, {ship.zip} {ship.city}
[Expected|Arrives|Delivery]: {delivery_date}

## order-mail order
[Hi|Hello|Good morning],
[we would like to order|please send us|I want to order|I need] {number=quantity;number of units;count*;how many} [x|pieces of|units of|times] {product=product;item;article;ordered item}[, colour {colour}|][ (article {sku})|]. [Our customer number is {customer_no}. |][Please deliver|Delivery] [by|before|until] {delivery_date} to {ship.city}[, {ship.street} {ship.house}|]. [Please bill|Invoice to] {buyer.company}.
[Thanks|Regards|Cheers], {buyer.name}[
{buyer.phone}|]

## order-change order
[Please change|Can you change|I have to change] [my order|order] {order_no}: [instead of {int(1-40)=old quantity;previous quantity;quantity before} I need {int(41-90)=new quantity;changed quantity;quantity wanted} pieces|send it to {new.street} {new.house}, {new.zip} {new.city} instead of {old.city}]. [The item is {product}.|] [Reach me at {phone} or {email}.|Call {phone}.|]

## shipping-notice shipment
[The parcel|Your parcel|Shipment|Package] {tracking_no} left {from.city} on {ship_date} [and|and it] [should reach|will reach|is expected in] {to.city} [on|by] {delivery_date}. [It weighs {weight}.|Weight: {weight}.|] [Carrier: {carrier}.|It travels with {carrier}.|] [{flag(A signature is needed/Please sign on delivery|No signature is needed/Left without signature)=signature required;needs signature;signature}.|]

## shipping-status shipment
[Tracking|Track & trace|Status of] {tracking_no}
[{stamp=last scan;last update;scanned at} |]{city=last location;current city;scanned in;location*}: {say(on its way/in transit>in_transit|handed over to the recipient/delivered>delivered|waiting at customs/held by customs>customs|sent back to the sender/returned>returned)=status;delivery status;state}
[Estimated delivery|ETA]: {delivery_date}
[Recipient: {person=recipient;addressee;receiver}
|][Pieces: {count=pieces;parcels;number of parcels}|]

## waybill shipment
[WAYBILL|Delivery note|CMR] {code=waybill;delivery note number;document number;note no}
FROM {from.company}, {from.city}[, {from.country}|]
TO   {to.company}, {to.city}[, {to.country}|]
[Gross |]{measure=gross weight;weight;total weight} / {count=packages;pallets;number of pieces;colli} [colli|pallets|pcs]
[Driver {person=driver;driver name}[, truck {code=truck;licence plate;vehicle}|]
|]Loaded {date=loading date;loaded on;date of loading}[, unloading {date=unloading date;unloaded on;planned arrival}|]

## quote quote
[Quotation|Offer|Quote] {code=quote number;offer number;quotation no;quote id} for {buyer.company}
[Valid until|Offer ends|Expires] {date=valid until;expiry date;offer ends;expires}

@@positions;offer lines;items;services@@[{count=position;pos;line number}. |][{product}|{title=service;work;task}] [-|:|=>] {money=price;amount;cost}
@@
[Discount {discount}
|][Net|Total net] {subtotal}, [incl. VAT|gross] {total}
[Contact|Your contact]: {contact.name}, {contact.email}

## bank-line transaction
{date=booking date;posted;date of booking;date*} {enum(transfer|card payment|direct debit|standing order|salary|withdrawal)=type;transaction type;kind of booking} {company=payee;counterparty;partner;merchant} {code=reference;booking reference;ref} {money=amount;booked amount;transaction amount}[ balance {money=balance;new balance;balance after}|]

## bank-sms transaction
[Your account|Account|A/C] {digits=account;account number;account no} [was debited|has been charged] [by|with] {money=amount;debited amount;charge;debit} on {date} at {company=merchant;payee;shop;store}. [Available balance|Balance now|New balance]: {balance}. [Not you? Call {phone=hotline;support phone;fraud line}.|]

## transfer transaction
[Please transfer|Transfer|Kindly send] {money=amount;transfer amount;sum to pay} [from|out of] {iban=source account;debit account;payer iban} to {company=beneficiary;recipient;payee;receiver} [on|for value] {date=value date;execution date;date of transfer}. [Purpose|Reference|Text]: {title=purpose;reference text;subject;remittance text}

## refund refund
[We have refunded|A refund of|Refunded:] {money=refund amount;refunded;amount refunded} [for|relating to] order {order_no}[ has been issued|]. [Reason: {say(it arrived broken/damaged in transit>damaged|wrong size/did not fit>wrong_size|changed my mind/no longer needed>not_needed|came too late/late delivery>late)=reason;return reason;refund reason}.|] It [takes|will take] {int(2-14)=days;processing days;days until credit} [working days|days][ until it shows on card {digits=card;card ending;last digits of card}|].

## return-form return
RETURN [FORM|SLIP]
Order: {order_no}
[Customer|Name]: {buyer.name}
Item: {product}[ / {sku}|]
Reason: {say(broken>damaged|wrong item received>wrong_item|too small>too_small|too big>too_big|no longer wanted>unwanted)=reason;return reason;why}
[Refund wanted|Refund]: {bool=refund wanted;refund;wants refund}
[Exchange|Replacement]: {bool=exchange wanted;exchange;replacement wanted}
Date: {date}

## price-list product
[Our prices|Price list|Prices] [from|valid from] {date=valid from;effective date;prices from}
@@prices;products;items;offers@@[{sku}  |]{product}[ — |: | .... ]{price}[ per {word(piece|box|kg|metre|hour|litre|pair)=unit;per;sales unit}|]
@@
[All prices {flag(include VAT/incl. VAT|exclude VAT/excl. VAT)=vat included;includes vat;tax included}.|]

## subscription subscription
[Your|The] {word(Basic|Pro|Team|Premium|Starter|Family|Gold|Silver)=plan;plan name;subscription;tier} [plan|subscription] [renews|will renew] on {date=renewal date;next billing;renews on} for {price=monthly price;price;fee}[ per month| a month|/mo]. [Card ending in {digits=card ending;card digits;last four}.|] [{flag(Auto-renewal is on/It renews automatically|Auto-renewal is off/It will not renew by itself)=auto renew;automatic renewal;auto renewal}.|] [Seats: {count=seats;users;licences}.|]

## expense expense
[Expense report|Travel expenses|Expenses] – {person=employee;traveller;submitted by}[, {department}|]
[Trip|Journey]: {from.city} [to|->|–] {to.city}, {start_date} [to|until|–] {end_date}
@@expenses;entries;costs;positions@@[* |- |]{word(Hotel|Taxi|Train|Meal|Parking|Flight|Tolls|Fuel)=category;type;kind}[: | ]{money=amount;cost;price}[ ({date=date;day;on})|]
@@
[Total|Sum] {total}

## donation donation
[Dear {person=donor;donor name;giver},|Dear donor,]
[thank you for|we gratefully received] your [gift|donation] of {money=amount;donation;donated amount} on {date} [for|towards] {title=purpose;project;cause;campaign}. [Receipt no. {code=receipt number;receipt;receipt id}.|] [{company=charity;organisation;foundation}|]

## purchase-order order
PURCHASE ORDER {order_no}[ rev {int(1-9)=revision;rev;rev no}|]
[Vendor|Supplier]: {seller.company}[, attn. {seller.name}|]
[Buyer]: {buyer.name}, {buyer.email}
Terms: {word(net 30|net 14|prepaid|30 days|COD|net 60)=terms;payment terms;conditions}
@@lines;items;positions@@{count=line;pos;number} | {sku} | {product} | {quantity} | {price}
@@
Deliver [by|before] {delivery_date} to {ship.city}

## fuel receipt
{company=station;petrol station;operator} {city}
[Pump|Pump no.|Zapfsäule] {int(1-16)=pump;pump number;pump no} [{word(Diesel|Super 95|E10|Premium|LPG)=fuel;fuel type;product}]
{unit(l|L|litres)=litres;volume;quantity} [à|x|@] {decimal=price per litre;unit price;litre price} = {money=total;total price;amount}
{date} {time}[ card {digits=card number;card;card no}|]

## rent contract
[The rent for|Rent of] [the flat in|the apartment at] {street} {house}, {zip} {city} is {money=rent;monthly rent;rent per month}[ plus {money=utilities;extra costs;side costs} for utilities|]. [The deposit is {money=deposit;security deposit}.|] [It starts|The lease begins] on {date=lease start;move in;start date}. [Tenant|The tenant is]: {person=tenant;tenant name;renter}. [Landlord|Owner]: {person=landlord;owner;lessor}.

## auction listing
[Lot|LOT] {int(1-900)=lot;lot number;lot no}: {product=item;lot title;object}[, {year=year;made in;year of make}|]
[Estimate|Est.] {money=low estimate;estimate from;lower estimate} [–|to|-] {money=high estimate;estimate to;upper estimate}
[Starting bid|Start] {money=starting bid;start price;opening bid}
[Sold for {money=hammer price;sold for;final price}
|][Auction|Sale] on {date=auction date;sale date;date of sale}

## stock-mail stock
[Stock|Inventory] [alert|warning|note]: {product} ({sku}) [is down to|has only|is at] {count=stock;units left;in stock;remaining} [units|pieces|left][, minimum {int(5-200)=minimum stock;reorder level;threshold}|]. [Please reorder|Reorder] {int(10-500)=reorder quantity;order quantity;quantity to order} [from|at] {company=supplier;vendor;source}[ before {date=order before;reorder by;deadline}|].
"""
