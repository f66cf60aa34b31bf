# fish completion for minipod

function __minipod_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (minipod __complete -- $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end

complete -c minipod -f -a '(__minipod_complete)'
