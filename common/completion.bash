# Completion of Umbra's programs. The tables at the end are printed by each program (--help=bash):
#
#   _umbra_options[PROGRAM], [PROGRAM VERB]     --option, --option=WHAT, -o=WHAT
#   _umbra_operands[the same]                   WHAT of the first operand, of the second, ...
#
# WHAT is alternatives with | between them, as the help has them: words without capitals stand for
# themselves; TEST, ENDPOINT, PROGRAM, VERB, FILE and the operand NAME for those that there are; others
# for what cannot be guessed. Nothing that is read from a program or a word is ever evaluated.
declare -gA _umbra_options _umbra_operands

# words: those up to the cursor. readline splits at = and :, here they are whole again.
_umbra_read_words() {
	local i word is_open=1
	words=("${COMP_WORDS[0]}")
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ ($is_open == 0 || $word == [=:]*) && i -gt 1 ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		[[ $word == *[=:] && ${word//[=:]/} == '' && $word ]]
		is_open=$?
	done
}

# what: what the option takes. False: nothing, or there is no such option.
_umbra_find_what() {
	local options option
	read -ra options <<<"${_umbra_options[$1]-}"
	for option in "${options[@]}"; do
		if [[ $option == "$2="* ]]; then
			what=${option#*=}
			return 0
		fi
	done
	return 1
}

# Offers each word of the standard input that begins with $1, after the prefix $2.
_umbra_offer() {
	local word
	while read -r word; do
		[[ $word == "$1"* ]] && COMPREPLY+=("$2$word")
	done
}

# The names of all tests or endpoints, if umbractl tells them in time.
_umbra_names() {
	local umbractl=umbractl
	[[ ${words[0]##*/} == umbractl ]] && umbractl=${words[0]/#~\//$HOME/}
	"$umbractl" get "$1" -o name --timeout "${UMBRA_COMPLETION_TIMEOUT:-2s}" "${connection[@]}" 2>/dev/null </dev/null
}

# A NAME is one of what the word before it says; else of either.
_umbra_named() {
	[[ $1 == endpoint ]] || _umbra_names tests
	[[ $1 == test ]] || _umbra_names endpoints
}

_umbra_verbs() {
	local key
	for key in "${!_umbra_options[@]}"; do
		[[ $key == "$1 "* ]] && printf '%s\n' "${key#"$1 "}"
	done
}

# Offers what $1 says for the word $2, after the prefix $3.
_umbra_offer_what() {
	local alternatives alternative
	IFS='|' read -ra alternatives <<<"$1"
	for alternative in "${alternatives[@]}"; do
		case ${alternative%...} in
		TEST) _umbra_offer "$2" "$3" < <(_umbra_names tests) ;;
		ENDPOINT) _umbra_offer "$2" "$3" < <(_umbra_names endpoints) ;;
		PROGRAM) _umbra_offer "$2" "$3" < <(printf '%s\n' umbra{-producer,-shadow,-splitter,ctl}) ;;
		VERB) _umbra_offer "$2" "$3" < <(_umbra_verbs "$program") ;;
		FILE)
			compopt -o filenames 2>/dev/null
			_umbra_offer "$2" "$3" < <(compgen -f -- "$2")
			;;
		*[[:upper:]]*) ;;
		*) _umbra_offer "$2" "$3" <<<"$alternative" ;;
		esac
	done
}

# Offers the long options; those with a value wait for it.
_umbra_offer_options() {
	local options option
	read -ra options <<<"${_umbra_options[$1]-}"
	for option in "${options[@]}"; do
		[[ $option == --*=* ]] && option=${option%%=*}=
		[[ $option == --* && $option == "$2"* ]] && COMPREPLY+=("$option")
	done
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
}

# An option that says where the control log is, is said to umbractl too.
_umbra_keep() {
	local value=${2//[\'\"]/}
	case $1 in
	-b | --brokers | -c | --config | -X | --property | --prefix)
		connection+=("$1" "${value/#~\//$HOME/}")
		;;
	esac
}

# Reads the words before the last one: key, operands, connection, and what the last one is awaited to
# be, if it is the value of an option.
_umbra_parse() {
	local i word last=$((${#words[@]} - 1))
	for ((i = 1; i < last; i++)); do
		word=${words[i]}
		if [[ $word == --*=* ]]; then
			_umbra_keep "${word%%=*}" "${word#*=}"
		elif [[ $word == -* ]] && _umbra_find_what "$key" "$word"; then
			((++i == last)) && return
			_umbra_keep "$word" "${words[i]}"
			what=
		elif [[ $word != -?* && $key == "$program" && ${_umbra_operands[$key]} == *VERB* ]]; then
			key+=" $word"
		elif [[ $word != -?* ]]; then
			operands+=("$word")
		fi
	done
	what=
}

_umbra_offer_operand() {
	local wanted n=${#operands[@]} before=
	read -ra wanted <<<"${_umbra_operands[$key]-}"
	((n > 0)) && before=${operands[n - 1]}
	if ((n >= ${#wanted[@]} && ${#wanted[@]} > 0)) && [[ ${wanted[-1]} == *... ]]; then
		n=$((${#wanted[@]} - 1))
	fi
	if [[ ${wanted[n]-} == NAME ]]; then
		_umbra_offer "$current" '' < <(_umbra_named "$before")
	else
		_umbra_offer_what "${wanted[n]-}" "$current" ''
	fi
}

# readline replaces only what follows the last = or : that it splits at.
_umbra_cut_replies() {
	local head=${current%"${current##*[$1]}"}
	[[ $1 && $head ]] && COMPREPLY=("${COMPREPLY[@]#"$head"}")
}

_umbra_complete() {
	local IFS=$' \t\n' words program key current what= operands=() connection=()
	COMPREPLY=()
	_umbra_read_words
	program=${1##*/} key=${1##*/} current=${words[-1]}
	_umbra_parse
	if [[ $what ]]; then
		_umbra_offer_what "$what" "$current" ''
	elif [[ $current == --*=* ]]; then
		_umbra_find_what "$key" "${current%%=*}" &&
			_umbra_offer_what "$what" "${current#*=}" "${current%%=*}="
	elif [[ $current == -* ]]; then
		_umbra_offer_options "$key" "$current"
	else
		_umbra_offer_operand
	fi
	_umbra_cut_replies "${COMP_WORDBREAKS//[^=:]/}"
}

