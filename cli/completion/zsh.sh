#compdef minipod
# zsh completion for minipod

_minipod() {
    local -a found
    found=("${(@f)$(minipod __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=("${(@)found:#}")
    if (( ${#found} )); then
        compadd -a found
    else
        _files
    fi
}

if [ "$funcstack[1]" = "_minipod" ]; then
    _minipod "$@"
else
    compdef _minipod minipod
fi
