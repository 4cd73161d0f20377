#!/bin/sh
# A helper that posts each request to a web service with curl, and gives its answer back.
#
#   PolicyHelper webhook /etc/sallyport/helpers/webhook.sh https://decide.example.net/ssh [file]
#
# file: of curl's options, e.g. header = "Authorization: Bearer …"; readable by the helper's account only, since arguments
# are not secret. The service gets the request as a JSON body and answers 200 with a JSON object of 3000 bytes at most.
export LC_ALL=C # lengths are bytes
url=$1
options=${2:-/dev/null}
most=3000 # a line this long is written at once, so that lines of several answers do not mix

answer() { # id request
	# on standard input, since everybody on the host can read a command line
	body=$(printf '%s' "$2" | curl -sSf -K "$options" --max-time 4 -w '%{http_code}' \
		-H 'Content-Type: application/json' --data-binary @- -- "$url" 2>&1)
	status=$?
	body=$(printf '%s' "$body" | tr '\n\r' '  ')
	code=${body#"${body%???}"}
	body=${body%???}
	if [ $status != 0 ] || [ "$code" != 200 ]; then
		why=$(printf '%s' "$body" | tr -cd ' !#-[]-~' | cut -c 1-200)
		printf '{"id":%s,"error":"status %s %s"}\n' "$1" "$code" "$why"
	elif [ ${#body} -gt $most ]; then
		printf '{"id":%s,"error":"the answer is too long"}\n' "$1"
	else
		case $body in
		'{'*'}' | '{'*'} ') printf '{"id":%s,"result":%s}\n' "$1" "$body" ;;
		*) printf '{"id":%s,"error":"the answer is no JSON object"}\n' "$1" ;;
		esac
	fi
}

# The gateway writes {"id":7,"conn":12,"request":…}, in this order and without spaces.
while read -r line; do
	id=${line#'{"id":'}
	id=${id%%,*}
	request=${line#*'"request":'}
	answer "$id" "${request%?}" & # the next one need not wait
done
wait
