using System.CommandLine;

namespace BucketProxy.Commands;

/// <summary><c>completion</c>: prints a script by which a shell asks the program itself what may come next.</summary>
internal static class CompletionCommand
{
    // The program answers "[suggest:POSITION] LINE" with one suggestion a line.
    private const string Bash = """
        _bucketproxy() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _bucketproxy bucketproxy
        """;

    private const string Zsh = """
        #compdef bucketproxy
        _bucketproxy() {
          local -a found
          found=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a found
          _files
        }
        compdef _bucketproxy bucketproxy
        """;

    private const string Fish = """
        complete -c bucketproxy -a '(set -l line (commandline -cp); bucketproxy "[suggest:"(string length -- $line)"]" "$line" 2>/dev/null)'
        """;

    public static Command Create(CommandEnvironment environment)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new DescribedCommand(
            "completion",
            "Print a script that completes commands and flags in a shell.",
            "completion bash > /etc/bash_completion.d/bucketproxy",
            "completion fish > ~/.config/fish/completions/bucketproxy.fish")
        {
            shell,
        };
        command.SetAction(parsed => environment.WriteLine(parsed.GetValue(shell) switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            _ => Fish,
        }));
        return command;
    }
}
