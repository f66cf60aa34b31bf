# bash completion for minipod

_minipod() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(minipod __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

# Where minipod proposes nothing, bash completes names of files.
complete -o default -F _minipod minipod
